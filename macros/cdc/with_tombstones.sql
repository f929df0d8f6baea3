{#-
    The rebuilt rows, and, as tombstones (`_is_deleted`), this model's rows of the affected scope
    that the rebuild no longer has. The rebuilt rows must have the model's columns, in the same
    order. The rows are ranked together instead of anti-joined, because engines run a CTE again each
    time it is read.
-#}
{% macro with_tombstones(rebuilt, unique_key, scope) -%}
    {%- set keys = [unique_key] if unique_key is string else unique_key -%}
    {%- if is_incremental() -%}
    select candidates.*
    from (
        select
            gathered.*,
            row_number() over (
                partition by {{ keys | join(', ') }}
                order by gathered._is_leftover
            ) as preference
        from (
            select
                rebuilt.*,
                false as _is_leftover
            from {{ rebuilt }} as rebuilt
            union all
            select
                existing.*,
                true as _is_leftover
            from {{ this }} as existing
            where existing.{{ scope }} in (select touched.{{ scope }} from touched)
        ) as gathered
    ) as candidates
    where candidates.preference = 1
    {%- else -%}
    select
        rebuilt.*,
        false as _is_leftover
    from {{ rebuilt }} as rebuilt
    {%- endif -%}
{%- endmacro %}
