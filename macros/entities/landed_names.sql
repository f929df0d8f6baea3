{#- The source tables of the registry, as they are named in the lake: SQL literals, comma-separated; NULL without tables. -#}
{% macro landed_names() -%}
    {%- set names = [] -%}
    {%- for entity in entities(['versions', 'latest', 'events']) -%}
        {%- do names.append(sql_text(entity.landed_as)) -%}
    {%- endfor -%}
    {{ return(names | join(', ') or 'null') }}
{%- endmacro %}
