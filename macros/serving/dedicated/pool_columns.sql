{#-
    The columns of a contract that the pool has: the columns that readers see, without personal
    data. A table in the pool is replaced by renaming another table, which keeps no DENY, so data
    that nobody may read is not loaded.
-#}
{% macro pool_columns(node) -%}
    {%- set columns = [] -%}
    {%- for column in served_columns(node) -%}
        {%- if 'pii' not in (column.databricks_tags or {}) -%}
            {%- do columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
