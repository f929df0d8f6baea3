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

-- Rows of a first load may share LSN and sequence value, so the identity of a change includes the
-- key. A row that cannot be placed in the log has no identity, and each delivery of it has its own
-- row.
numbered as (

    select
        *,
        row_number() over (
            partition by artist_id, _change_sequence
            order by _loaded_at, _file
        ) as delivery
    from renamed

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
from numbered
where delivery = 1 or _change_sequence is null
