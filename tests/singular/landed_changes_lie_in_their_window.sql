-- The LSNs of a file's changes are between those of its window, the file of a backfill is named
-- after its days, and a first load contains only inserts. Otherwise the file or the receipt was
-- altered. Commit times are not compared: if the source's clock was set back, a window of some days
-- contains changes of other days.
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
