-- The change log of dbo.FactStream, append-only: one unchanged row per landed change row. A build
-- reads all changes of a few plays from it. It is clustered, so that only their part is read.
{{ config(liquid_clustered_by='stream_id') }}

select
    stream_id,
    user_id,
    track_id,
    date_key,
    listen_duration,
    device_type,
    stream_timestamp,
    _start_lsn,
    _seqval,
    _operation,
    _commit_time,
    _ingested_at,
    _run_id,
    _file,
    {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('azure_sql', 'FactStream') }}
