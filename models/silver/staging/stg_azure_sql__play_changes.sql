-- One row per change of a play: each once, however often it was delivered.
with

deliveries as (

    select * from {{ ref('stg_azure_sql__play_deliveries') }}

),

-- Rows of a first load may share LSN and sequence value: a change's identity includes the key.
numbered as (

    select
        *,
        row_number() over (
            partition by stream_id, _change_sequence
            order by _loaded_at, _file
        ) as delivery
    from deliveries

)

select
    -- keys
    stream_id,
    user_id,
    track_id,

    -- attributes
    source_date_key,
    device_type,
    streamed_at,

    -- measures
    listen_duration_sec,

    -- control
    _is_deleted,
    _change_sequence,
    _changed_at,
    _run_id,
    _file,
    _loaded_at,
    _quarantine_reasons
from numbered
where delivery = 1
