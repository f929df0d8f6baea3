-- The changes in bronze have the checksum that the source itself made of the window, so none was
-- lost, doubled or swapped for another on the way. A first load has none: its rows are numbered as
-- they are read. If it differs, file or receipt was altered: backfill the file's days.
select
    source_table,
    file,
    checksum,
    delivered_checksum
from {{ ref('ingestion_windows') }}
where
    mode != 'initial'
    and (file is null or delivered_rows is not null)
    and coalesce(checksum, '') != coalesce(delivered_checksum, '0')
