-- Bronze holds every file that a receipt names, under the receipt's table, and a window with rows
-- names one. What is missing was removed before bronze read it: a backfill of its days lands it
-- again.
select
    source_table,
    mode,
    file,
    rows_written
from {{ ref('ingestion_windows') }}
where
    (file is null and rows_written != 0)
    or (file is not null and not is_file_overwritten and delivered_rows is null)
