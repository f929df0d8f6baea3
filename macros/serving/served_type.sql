{#-
    The T-SQL type of a contract's column. Texts have the length in bytes of `meta.max_length`, and the
    collation of the files' encoding, which is required to push down predicates on them.
    Source: https://learn.microsoft.com/azure/synapse-analytics/sql/develop-openrowset (type mapping)
-#}
{% macro served_type(column, collate=true) -%}
    {%- set types = {
        'bigint': 'bigint', 'int': 'int', 'smallint': 'smallint', 'double': 'float', 'float': 'real',
        'boolean': 'bit', 'date': 'date', 'timestamp': 'datetime2(6)',
    } -%}
    {%- set kind = column.data_type | lower | replace(' ', '') -%}
    {%- if kind == 'string' -%}
        {%- set meta = (column.config or {}).get('meta') or column.meta or {} -%}
        varchar({{ meta.get('max_length', var('served_text_length')) }})
        {%- if collate %} collate Latin1_General_100_BIN2_UTF8{% endif -%}
    {%- elif kind.startswith('decimal(') -%}
        {{ kind }}
    {%- elif kind in types -%}
        {{ types[kind] }}
    {%- else -%}
        {{ exceptions.raise_compiler_error(
            "Synapse has no type for " ~ column.name ~ " of type " ~ column.data_type
            ~ ": add it to served_type, or keep the column out of served models."
        ) }}
    {%- endif -%}
{%- endmacro %}
