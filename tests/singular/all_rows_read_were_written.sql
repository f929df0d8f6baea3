-- The copy wrote every row that it read from the source. Otherwise the pipeline fails, so a
-- difference means that a receipt was altered, or that someone gave the copy a fault tolerance.
select
    source_table,
    file,
    rows_read,
    rows_written
from {{ ref('ingestion_windows') }}
where rows_read != rows_written
