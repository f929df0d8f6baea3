-- One row per change of a play: before-images dropped, and each change once,
-- however often it was delivered.
with

landed as (

    select * from {{ ref('azure_sql__fact_stream') }}

),

renamed as (

    select
        -- keys
        stream_id,
        user_id,
        track_id,

        -- attributes
        date_key as source_date_key,
        device_type,
        stream_timestamp as streamed_at,

        -- measures
        listen_duration as listen_duration_sec,

        -- control
        {{ cdc_columns() }}
    from landed
    where _operation != 3

),

-- Rows of a first load may share LSN and sequence value: a change's identity includes the key.
numbered as (

    select
        *,
        row_number() over (
            partition by stream_id, _change_sequence
            order by _loaded_at, _file
        ) as delivery
    from renamed

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
    {{ quarantine_reasons() }} as _quarantine_reasons
from numbered
where delivery = 1
