-- The changes in bronze have the checksum that the source itself computed for the window, so no
-- change was lost, duplicated or replaced by another. A first load has no checksum, because its
-- rows get their numbers when they are read. A window in which the log did not advance has none
-- either. A difference means that the file or the receipt was altered: backfill the days of the
-- file.
select
    source_table,
    file,
    checksum,
    delivered_checksum
from {{ ref('ingestion_windows') }}
where
    (file is null and checksum != '0')
    or (mode != 'initial' and coalesce(checksum, '') != delivered_checksum)
