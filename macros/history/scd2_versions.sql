{#- Versions of the touched keys: each opened state, until the next version or delete. -#}
{% macro scd2_versions(changes, key, tracked, touched) -%}
    with

    states as (

        {{ scd2_states(changes, key, tracked, touched) | indent(8) }}

    ),

    bounded as (

        select
            *,
            lead(_changed_at) over (partition by {{ key }} order by _changed_at) as next_changed_at
        from states
        where outcome in ('opened', 'closed')

    )

    select
        *,
        _changed_at as valid_from,
        coalesce(next_changed_at, {{ end_of_time() }}) as valid_to,
        next_changed_at is null as is_current
    from bounded
    where outcome = 'opened'
{%- endmacro %}
