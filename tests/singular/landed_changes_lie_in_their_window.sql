-- The changes of a file lie between the LSNs of its window, those of a backfill on its days, and a
-- first load holds inserts alone. If not, file or receipt was altered.
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
    or cast(first_commit_at as date) < from_date
    or cast(last_commit_at as date) > to_date
    or (mode = 'initial' and not holds_inserts_only)
