{#-
    The table that records exports: one row per export and slice. It is created if it does not
    exist.
-#}
{% macro exported_slices() -%}
    {%- set noted = api.Relation.create(
        database=target.database,
        schema=generate_schema_name('export', none) | trim,
        identifier='exported_slices'
    ) -%}
    {%- do adapter.create_schema(noted) -%}
    {%- do run_query(
        'create table if not exists ' ~ noted ~ ' (export_id bigint, table_name string, slice int, '
        ~ 'row_count bigint, mark string)'
    ) -%}
    {{ return(noted) }}
{%- endmacro %}
