-- The copy wrote every row that it read from the source. The pipeline fails when it did not, so a
-- difference means an altered receipt, or a fault tolerance that someone gave to the copy.
select
    source_table,
    file,
    rows_read,
    rows_written
from {{ ref('ingestion_windows') }}
where rows_read != rows_written
