-- A run that repeats the window of an interrupted run finds the same changes. Otherwise the
-- source's change log or a receipt was altered in between.
select
    source_table,
    from_lsn,
    to_lsn,
    receipts
from {{ ref('ingestion_windows') }}
where repeats_differ
