{#-
    What each slice of a table holds: its number of rows, and the sum of their hashes. Each column is followed by
    whether it is NULL: xxhash64 skips NULLs, so that a value which moved to its neighbour would go unseen.
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
    -- A whole table without rows is exported too, so that it can be told from one that never was.
    union all
    select '{{ node.name }}', 0, 0, '0'
    where not exists (select 1 from {{ node.relation_name }})
    {%- endif -%}
{%- endmacro %}
