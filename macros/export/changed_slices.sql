{#-
    A query: the slices whose rows differ from those of their last export, including the slices that
    have no rows any more.
-#}
{% macro changed_slices(noted, everything) -%}
    with current_marks as (
        {%- for node in exported_nodes() %}
        {{ slice_marks(node) }}
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ),

    former_marks as (
        select * from (
            select *, row_number() over (partition by table_name, slice order by export_id desc) as recency
            from {{ noted }}
        )
        where recency = 1
    )

    select
        coalesce(current_marks.table_name, former_marks.table_name) as table_name,
        coalesce(current_marks.slice, former_marks.slice) as slice,
        coalesce(current_marks.row_count, 0) as row_count,
        coalesce(current_marks.mark, '0') as mark
    from current_marks
    full outer join former_marks
        on
            current_marks.table_name = former_marks.table_name
            and current_marks.slice = former_marks.slice
    where
        (current_marks.table_name is null and former_marks.row_count > 0)
        or (former_marks.table_name is null and current_marks.table_name is not null)
        or current_marks.row_count != former_marks.row_count
        or current_marks.mark != former_marks.mark
        {%- if everything %}
        or current_marks.table_name is not null
        {%- endif %}
    order by table_name, slice
{%- endmacro %}
