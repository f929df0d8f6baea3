-- One row per delivery of a change of a play. Images before an update are dropped. There is no
-- window function over the log: a model that needs few plays selects them from this view first and
-- then ranks their changes. Neither Spark nor Sail pushes a filter on `stream_id` below the
-- `row_number()` that deduplicates changes.
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
        {{ cdc_columns('azure_sql__fact_stream') }}
    from landed
    where not _operation <=> 3

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
    _landed_row,
    _quarantine_reasons
from renamed
