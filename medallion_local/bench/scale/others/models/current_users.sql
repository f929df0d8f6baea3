-- The source's table as it is now. Approaches without a change log read it.
{{ config(materialized='table') }}

select
    user_id,
    user_name,
    country,
    subscription_type,
    start_date,
    end_date,
    updated_at
from (
    select
        *,
        row_number() over (partition by user_id order by _change_sequence desc) as recency
    from {{ target.database }}.silver.stg_azure_sql__user_changes
    where _quarantine_reasons is null
) as ranked
where recency = 1 and not _is_deleted
