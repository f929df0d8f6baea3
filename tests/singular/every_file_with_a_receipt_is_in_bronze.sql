-- Bronze contains every file that a receipt names, under the table of the receipt, and a window
-- with rows names a file. A missing file was removed before bronze read it: a backfill of its days
-- lands it again. Tables without a model are left to `every_landed_table_has_a_model`.
select
    source_table,
    mode,
    file,
    rows_written
from {{ ref('ingestion_windows') }}
where
    (file is null and rows_written != 0)
    or (
        file is not null
        and not is_file_overwritten
        and delivered_rows is null
        and source_table in ({{ landed_names() }})
    )
