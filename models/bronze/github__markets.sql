-- Every landed version of markets.csv, append-only: one row per line of each landed file.
select
    country,
    iso_code,
    region,
    currency,
    _metadata.file_name as _file,
    _metadata.file_modification_time as _ingested_at,
    {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('github', 'markets') }}
