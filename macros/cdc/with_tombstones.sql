{#-
    The rebuilt rows, and, as tombstones (`_is_deleted`), this model's rows of the affected scope
    that the rebuild no longer has. `affected` lists each scope to replace, in the columns `scope`.
    `columns` are all columns of the model except `_is_deleted`: a unit test cannot find them
    otherwise. The rows are ranked together instead of anti-joined, because engines run a CTE again
    each time it is read.
-#}
{% macro with_tombstones(rebuilt, affected, unique_key, scope, columns) -%}
    {%- if is_incremental() -%}
    select candidates.*
    from (
        select
            gathered.*,
            row_number() over (
                partition by {{ key_columns(unique_key) }}
                order by gathered._is_deleted
            ) as preference
        from (
            select
                {% for column in columns %}rebuilt.{{ adapter.quote(column) }}, {% endfor %}
                false as _is_deleted
            from {{ rebuilt }} as rebuilt
            union all
            select
                {% for column in columns %}existing.{{ adapter.quote(column) }}, {% endfor %}
                true as _is_deleted
            from {{ this }} as existing
            left semi join {{ affected }} as affected on {{ same_key(scope, 'existing', 'affected') }}
        ) as gathered
    ) as candidates
    where candidates.preference = 1
    {%- else -%}
    select
        rebuilt.*,
        false as _is_deleted
    from {{ rebuilt }} as rebuilt
    {%- endif -%}
{%- endmacro %}
