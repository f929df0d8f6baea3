-- SCD type 2 by merging versions: the changes that arrived since the last run become versions, and
-- a version replaces the one with the same key and beginning.
{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key=['user_id', 'valid_from'],
    )
}}

select
    user_id,
    user_name,
    country,
    subscription_type,
    start_date,
    end_date,
    valid_from,
    coalesce(next_from, timestamp '9999-12-31 00:00:00') as valid_to,
    next_from is null as is_current,
    _loaded_at
from (
    select
        *,
        _changed_at as valid_from,
        lead(_changed_at) over (partition by user_id order by _change_sequence) as next_from,
        row_number() over (
            partition by user_id, _changed_at order by _change_sequence desc
        ) as recency
    from {{ target.database }}.silver.stg_azure_sql__user_changes
    where
        _quarantine_reasons is null
        {% if is_incremental() -%}
        and _loaded_at > (select max(_loaded_at) from {{ this }})
        {%- endif %}
) as changes
where recency = 1 and not _is_deleted
