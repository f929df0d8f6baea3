-- One row per change of a track. Images before an update are dropped, and each change occurs once,
-- however often it was delivered.
with

landed as (

    select * from {{ ref('azure_sql__dim_track') }}

),

renamed as (

    select
        -- keys
        track_id,

        -- attributes
        track_name,
        artist_id,
        album_name,
        duration_sec,
        release_date,
        updated_at,

        -- control
        {{ cdc_columns('azure_sql__dim_track') }}
    from landed
    where not _operation <=> 3

),

first_deliveries as (

    {{ each_change_once('renamed', 'track_id') | indent(4) }}

)

select
    -- keys
    track_id,

    -- attributes
    track_name,
    artist_id,
    album_name,
    duration_sec,
    release_date,
    updated_at,

    -- control
    _is_deleted,
    _change_sequence,
    _changed_at,
    _run_id,
    _file,
    _loaded_at,
    _landed_row,
    _quarantine_reasons
from first_deliveries
