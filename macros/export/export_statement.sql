{#-
    Writes slices of a table: the columns that readers see, in the order of the contract, then the
    slice and the export id.
-#}
{% macro export_statement(node, export_id, slices) -%}
    insert overwrite directory '{{ export_root() }}/{{ node.name }}/{{ export_id }}'
    using parquet
    select
        {%- for column in pool_columns(node) %}
        {{ column.name }},
        {%- endfor %}
        cast({{ slice_of(node) }} as int) as _slice,
        cast({{ export_id }} as bigint) as _export_id
    from {{ node.relation_name }}
    {%- if node.name in var('pool_slices') %}
    where {{ slice_of(node) }} in ({{ slices | join(', ') }})
    {%- endif -%}
{%- endmacro %}
