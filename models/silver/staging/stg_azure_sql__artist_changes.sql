-- One row per change of an artist. Images before an update are dropped, and each change occurs
-- once, however often it was delivered.
with

landed as (

    select * from {{ ref('azure_sql__dim_artist') }}

),

renamed as (

    select
        -- keys
        artist_id,

        -- attributes
        artist_name,
        genre,
        country,
        updated_at,

        -- control
        {{ cdc_columns('azure_sql__dim_artist') }}
    from landed
    where not _operation <=> 3

),

first_deliveries as (

    {{ each_change_once('renamed', 'artist_id') | indent(4) }}

)

select
    -- keys
    artist_id,

    -- attributes
    artist_name,
    genre,
    country,
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
