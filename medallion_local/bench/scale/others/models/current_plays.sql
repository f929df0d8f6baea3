-- The source's table as it is now. Approaches without a change log read it.
{{ config(materialized='table') }}

select
    stream_id,
    user_id,
    track_id,
    streamed_at,
    listen_duration_sec
from (
    select
        *,
        row_number() over (partition by stream_id order by _change_sequence desc) as recency
    from {{ target.database }}.silver.stg_azure_sql__play_deliveries
    where _change_sequence is not null
) as ranked
where recency = 1 and _quarantine_reasons is null and not _is_deleted
