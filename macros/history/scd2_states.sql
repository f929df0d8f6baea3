{#-
    Every change of the affected keys, when it takes effect (`effective_at`), and what became of it (`outcome`). Of a
    key's changes that take effect at one time, as those of a transaction do, only the last is a state: no version is
    of zero length. Deletes are states that all look alike.
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
