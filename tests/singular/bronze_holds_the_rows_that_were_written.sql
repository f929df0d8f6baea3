-- Bronze holds as many rows of each file as its receipt says were written, and no change twice.
-- If not, the file was altered after it landed, or its receipt was: restore the one that was, or
-- backfill the file's days.
select
    source_table,
    file,
    rows_written,
    delivered_rows,
    delivered_changes
from {{ ref('ingestion_windows') }}
where
    delivered_rows != rows_written
    or delivered_changes != delivered_rows
