{#-
    The number of rows and the sum of the row hashes of each slice of a table. In the hash, each
    column is followed by a flag that says whether it is NULL: xxhash64 skips NULLs, so a value that
    moved to the neighbouring column would otherwise not be detected.
-#}
{% macro slice_marks(node) -%}
    {%- set hashed = [] -%}
    {%- for column in pool_columns(node) -%}
        {%- do hashed.append(column.name ~ ', ' ~ column.name ~ ' is null') -%}
    {%- endfor -%}
    select
        '{{ node.name }}' as table_name,
        slice,
        count(*) as row_count,
        cast(sum(cast(row_hash as decimal(38, 0))) as string) as mark
    from (
        select
            {{ slice_of(node) }} as slice,
            xxhash64({{ hashed | join(', ') }}) as row_hash
        from {{ node.relation_name }}
    )
    group by slice
    {%- if node.name not in var('pool_slices') %}
    -- A table that is exported whole is exported even if it has no rows, so that it differs from a
    -- table that was never exported.
    union all
    select '{{ node.name }}', 0, 0, '0'
    where not exists (select 1 from {{ node.relation_name }})
    {%- endif -%}
{%- endmacro %}
