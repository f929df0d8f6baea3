-- The change log of dbo.DimDate, append-only: one unchanged row per landed change row.
select
    date_key,
    `date`,
    day,
    month,
    year,
    weekday,
    _start_lsn,
    _seqval,
    _operation,
    _commit_time,
    _ingested_at,
    _run_id,
    _file,
    {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('azure_sql', 'DimDate') }}
