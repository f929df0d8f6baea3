-- The change log of dbo.DimTrack, append-only: one unchanged row per landed change row.
select
    track_id,
    track_name,
    artist_id,
    album_name,
    duration_sec,
    release_date,
    updated_at,
    _start_lsn,
    _seqval,
    _operation,
    _commit_time,
    _ingested_at,
    _run_id,
    _file,
    {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('azure_sql', 'DimTrack') }}
