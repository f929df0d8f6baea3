{#-
    Versions of the affected keys: each opened state, until the next version or delete. A version's
    key identifies the change that opened it, so a key never stands for different attributes. If
    late changes move a version in time, or if another change opens the version that begins at that
    time, the version has another key.
-#}
{% macro scd2_versions(changes, key, tracked, affected) -%}
    with

    states as (

        {{ scd2_states(changes, key, tracked, affected) | indent(8) }}

    ),

    bounded as (

        select
            *,
            lead(effective_at) over (
                partition by {{ key_columns(key) }} order by _change_sequence
            ) as next_effective_at
        from states
        where outcome in ('opened', 'closed')

    )

    select
        *,
        {{ surrogate_key(([key] if key is string else key) + ['_change_sequence']) }} as version_key,
        effective_at as valid_from,
        coalesce(next_effective_at, {{ end_of_time() }}) as valid_to,
        next_effective_at is null as is_current
    from bounded
    where outcome = 'opened'
{%- endmacro %}
