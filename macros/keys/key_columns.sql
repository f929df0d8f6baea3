{#- The columns of a key, comma-separated, each with the name of its relation in front if one is given. -#}
{% macro key_columns(key, of=none) -%}
    {%- set named = [] -%}
    {%- for column in ([key] if key is string else key) -%}
        {%- do named.append(of ~ '.' ~ column if of else column) -%}
    {%- endfor -%}
    {{ return(named | join(', ')) }}
{%- endmacro %}
