{#- The columns of a model's contract that readers see: all except the control columns. -#}
{% macro served_columns(node) -%}
    {%- set columns = [] -%}
    {%- for column in node.columns.values() if not column.name.startswith('_') -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
