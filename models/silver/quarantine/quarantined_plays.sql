-- One row per play whose last change violates a rule: the complete unchanged row, and every reason.
-- A later change that corrects the play removes the row again. A row without an id, or without a
-- position in the log, is not the last change of any play and stays.
{% set columns = [
    'stream_id',
    'user_id',
    'track_id',
    'source_date_key',
    'device_type',
    'streamed_at',
    'listen_duration_sec',
    '_change_sequence',
    '_changed_at',
    '_run_id',
    '_file',
    '_loaded_at',
    '_landed_row',
    '_quarantine_reasons',
] -%}

with

deliveries as (

    select * from {{ ref('stg_azure_sql__play_deliveries') }}

),

placed as (

    select *
    from deliveries
    where _change_sequence is not null

),

-- Only plays that ever violated a rule are ranked. They are few, while the log is long.
suspects as (

    select distinct stream_id
    from placed
    where _quarantine_reasons is not null

),

candidates as (

    select placed.*
    from suspects
    inner join placed on suspects.stream_id = placed.stream_id
    union all
    select *
    from placed
    where stream_id is null

),

-- The last change of each play, in the first delivery of that change. A row without an id belongs
-- to no play, so each such change is ranked alone.
ranked as (

    select
        *,
        row_number() over (
            partition by stream_id, case when stream_id is null then _change_sequence end
            order by _change_sequence desc, _loaded_at asc, _file asc
        ) as recency
    from candidates

),

quarantined_rows as (

    select {{ columns | join(', ') }}
    from ranked
    where
        _quarantine_reasons is not null
        and recency = 1
    union all
    select {{ columns | join(', ') }}
    from deliveries
    where _change_sequence is null

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
    _change_sequence,
    _changed_at,
    _run_id,
    _file,
    _loaded_at as _first_seen_at,
    'azure_sql__fact_stream' as bronze_model,
    to_json(_landed_row) as landed_row,
    _quarantine_reasons
from quarantined_rows
