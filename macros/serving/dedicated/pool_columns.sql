{#-
    The columns of a contract that the pool has: those that readers see, without personal data. A table there is
    replaced by renaming another, which keeps no DENY; what nobody is to read does not go there.
-#}
{% macro pool_columns(node) -%}
    {%- set columns = [] -%}
    {%- for column in served_columns(node) -%}
        {%- set meta = (column.config or {}).get('meta') or column.meta or {} -%}
        {%- if not meta.get('contains_pii') -%}
            {%- do columns.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(columns) }}
{%- endmacro %}
