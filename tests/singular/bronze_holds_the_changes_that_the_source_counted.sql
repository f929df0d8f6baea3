-- The changes in bronze have the checksum that the source itself made of the window, so none was
-- lost, doubled or swapped for another on the way. A first load has none, as its rows are numbered
-- when they are read, nor has a window of a log that stood still. If it differs, file or receipt
-- was altered: backfill the file's days.
select
    source_table,
    file,
    checksum,
    delivered_checksum
from {{ ref('ingestion_windows') }}
where
    (file is null and checksum != '0')
    or (mode != 'initial' and coalesce(checksum, '') != delivered_checksum)
