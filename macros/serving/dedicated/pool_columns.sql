{#-
    The columns of a contract that the pool has: those that readers see, without personal data. A table there is
    replaced by renaming another, which keeps no DENY; what nobody is to read does not go there.
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
