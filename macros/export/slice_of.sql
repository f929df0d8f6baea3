{#-
    The slice of a row: the day, as yyyymmdd, of the column that `pool_slices` names; 0 if the table
    is exported whole.
-#}
{% macro slice_of(node) -%}
    {%- set column = var('pool_slices').get(node.name) -%}
    {%- if not column -%}
        0
    {%- elif node.columns[column].data_type == 'date' -%}
        {{ date_key(column) }}
    {%- else -%}
        {{ column }}
    {%- endif -%}
{%- endmacro %}
