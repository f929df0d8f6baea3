-- The change log of dbo.DimUser, append-only: one unchanged row per landed change row.
select
    user_id,
    user_name,
    country,
    subscription_type,
    start_date,
    end_date,
    updated_at,
    _start_lsn,
    _seqval,
    _operation,
    _commit_time,
    _ingested_at,
    _run_id,
    _file,
    {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('azure_sql', 'DimUser') }}
