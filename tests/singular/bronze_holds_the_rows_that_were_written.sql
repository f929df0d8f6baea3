-- Bronze contains as many rows of each file as its receipt records, and no change twice. Otherwise
-- the file or its receipt was altered after the file had landed: restore the altered one, or
-- backfill the days of the file.
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
