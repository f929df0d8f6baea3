-- The receipts of all landed windows, append-only: one row per receipt as it was written. A receipt
-- that was overwritten therefore has two rows.
select
    `table` as source_table,
    mode,
    from_lsn,
    to_lsn,
    from_date,
    to_date,
    rows_read,
    rows_written,
    bytes,
    checksum,
    md5,
    file,
    run_id,
    started_at,
    ended_at,
    _metadata.file_path as _file,
    {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('control', 'receipts') }}
