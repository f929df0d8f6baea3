-- Every landed state of markets.csv, append-only: one row per line of each landed file.
select
    country,
    iso_code,
    region,
    currency,
    _metadata.file_name as _file,
    _metadata.file_modification_time as _ingested_at,
    current_timestamp() as _loaded_at
from {{ landed('github', 'markets') }}
