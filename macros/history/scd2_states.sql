{#-
    Every change of the touched keys, with what became of it (`outcome`). A transaction is atomic: of a
    key's changes with one commit time, only the last is a state. Deletes are states that all look alike.
-#}
{% macro scd2_states(changes, key, tracked, touched) -%}
    with

    ranked as (

        select
            changes.*,
            case
                when changes._is_deleted then 'deleted'
                else {{ surrogate_key(tracked) }}
            end as state,
            row_number() over (
                partition by changes.{{ key }}, changes._changed_at
                order by changes._change_sequence desc
            ) = 1 as is_state,
            max(changes._loaded_at) over (partition by changes.{{ key }}) as _loaded_through
        from {{ changes }} as changes
        inner join {{ touched }} as touched on changes.{{ key }} = touched.{{ key }}

    ),

    compared as (

        select
            *,
            lag(state, 1, 'deleted') over (
                partition by {{ key }}, is_state order by _changed_at, _change_sequence
            ) as previous_state
        from ranked

    )

    select
        *,
        case
            when not is_state then 'superseded'
            when state = previous_state then 'collapsed'
            when _is_deleted then 'closed'
            else 'opened'
        end as outcome
    from compared
{%- endmacro %}
