-- A run that repeats a window which another landed before it died finds the same changes. If it did
-- not, the source's change log was altered in between, or a receipt is.
select
    source_table,
    from_lsn,
    to_lsn,
    receipts
from {{ ref('ingestion_windows') }}
where repeats_differ
