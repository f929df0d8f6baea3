-- The changes of a file lie between the LSNs of its window, a backfill's file is named for its
-- days, and a first load holds inserts alone. If not, file or receipt was altered. Commit times
-- are not compared: where the source's clock stepped back, a window of some days has changes of
-- others.
select
    source_table,
    mode,
    file,
    first_lsn,
    last_lsn
from {{ ref('ingestion_windows') }}
where
    first_lsn < from_lsn
    or last_lsn > to_lsn
    or (
        mode = 'backfill'
        and substring_index(file, '/', -1) not in (
            concat('backfill_', from_date, '_', to_date, '.parquet'),
            concat('backfill_', from_date, '_', to_date, '_since_', from_lsn, '.parquet')
        )
    )
    or (mode = 'initial' and not holds_inserts_only)
