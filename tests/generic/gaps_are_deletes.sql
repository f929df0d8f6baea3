{% test gaps_are_deletes(model, key, changes) %}

-- A version that has ended and is not directly followed by another version was ended by a delete in
-- the log.
with

ordered as (

    select
        {{ key_columns(key) }},
        valid_from,
        valid_to,
        lead(valid_from) over (partition by {{ key_columns(key) }} order by valid_from) as next_valid_from
    from {{ model }}

),

timed as (

    select
        {{ key_columns(key) }},
        _is_deleted,
        {{ effective_at(key) | indent(8) }} as effective_at
    from {{ changes }}
    where _quarantine_reasons is null

),

deletes as (

    select
        {{ key_columns(key) }},
        effective_at
    from timed
    where _is_deleted

)

select ordered.*
from ordered
left anti join deletes
    on {{ same_key(key, 'ordered', 'deletes') }} and ordered.valid_to = deletes.effective_at
where
    ordered.valid_to < {{ end_of_time() }}
    and not ordered.valid_to <=> ordered.next_valid_from

{% endtest %}
