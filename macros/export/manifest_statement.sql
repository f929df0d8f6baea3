{#-
    Lists the slices of an export for the pool. From this statement on, the export exists for the
    pool.
-#}
{% macro manifest_statement(by_table, export_id) -%}
    insert overwrite directory '{{ export_root() }}/manifest/{{ export_id }}'
    using parquet
    select
        cast(export_id as bigint) as export_id,
        table_name,
        cast(slice as int) as slice,
        cast(row_count as bigint) as row_count
    from values
        {%- for name, slices in by_table.items() %}{% set last_table = loop.last %}
        {%- for one in slices %}
        ({{ export_id }}, '{{ name }}', {{ one.slice }}, {{ one.rows }})
        {{- ',' if not (loop.last and last_table) }}
        {%- endfor %}
        {%- endfor %}
        as slices (export_id, table_name, slice, row_count)
{%- endmacro %}
