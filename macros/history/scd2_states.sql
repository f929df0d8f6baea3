{#-
    Every change of the affected keys, the time when it takes effect (`effective_at`), and its
    `outcome`. If several changes of a key take effect at the same time, as in one transaction, only
    the last one is a state, so no version has zero length. All deletes count as the same state.
-#}
{% macro scd2_states(changes, key, tracked, affected) -%}
    with

    timed as (

        select
            changes.*,
            {{ effective_at(key, of='changes') | indent(12) }} as effective_at,
            max(changes._loaded_at) over (partition by {{ key_columns(key, 'changes') }}) as _loaded_through
        from {{ changes }} as changes
        inner join {{ affected }} as affected on {{ same_key(key, 'changes', 'affected') }}

    ),

    ranked as (

        select
            *,
            case
                when _is_deleted then 'deleted'
                else {{ surrogate_key(tracked) }}
            end as state,
            row_number() over (
                partition by {{ key_columns(key) }}, effective_at order by _change_sequence desc
            ) = 1 as is_state
        from timed

    ),

    compared as (

        select
            *,
            lag(state, 1, 'deleted') over (
                partition by {{ key_columns(key) }}, is_state order by _change_sequence
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
