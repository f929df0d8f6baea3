-- One row per play whose last change breaks a rule: the whole row as it came, and every reason.
-- A later change that mends the play takes it out again; rows without a number stay.
with

changes as (

    select * from {{ ref('stg_azure_sql__play_changes') }}

),

ranked as (

    select
        *,
        row_number() over (partition by stream_id order by _change_sequence desc) as recency
    from changes

)

select
    stream_id,
    user_id,
    track_id,
    source_date_key,
    device_type,
    streamed_at,
    listen_duration_sec,
    _change_sequence,
    _changed_at,
    _run_id,
    _file,
    _loaded_at as _first_seen_at,
    _quarantine_reasons
from ranked
where
    _quarantine_reasons is not null
    and (recency = 1 or stream_id is null)
