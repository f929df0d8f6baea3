{% test living_keys_are_current(model, key, changes) %}

-- A key has exactly one current version if its last state in the log is not a delete, otherwise
-- none.
with

ranked as (

    select
        {{ key_columns(key) }},
        _is_deleted,
        row_number() over (partition by {{ key_columns(key) }} order by _change_sequence desc) as recency
    from {{ changes }}
    where _quarantine_reasons is null

),

expected as (

    select
        {{ key_columns(key) }},
        case when _is_deleted then 0 else 1 end as current_versions
    from ranked
    where recency = 1

),

counted as (

    select
        {{ key_columns(key) }},
        count_if(is_current) as current_versions
    from {{ model }}
    group by {{ key_columns(key) }}

)

select
    {{ key_columns(key, 'expected') }},
    expected.current_versions as expected_versions,
    counted.current_versions
from expected
left outer join counted on {{ same_key(key, 'expected', 'counted') }}
where expected.current_versions != coalesce(counted.current_versions, 0)

{% endtest %}
