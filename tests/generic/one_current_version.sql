{% test one_current_version(model, key) %}

-- The last version is current exactly if it is open, and no version before it is current.
with

ranked as (

    select
        {{ key_columns(key) }},
        valid_to,
        is_current,
        row_number() over (partition by {{ key_columns(key) }} order by valid_from desc) as recency
    from {{ model }}

)

select *
from ranked
where
    is_current != (recency = 1 and valid_to = {{ end_of_time() }})

{% endtest %}
