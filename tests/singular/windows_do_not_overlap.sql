-- No window begins before the previous one has ended. An overlap lands changes twice, and staging
-- counts them once. But a run never causes an overlap by itself: two runs worked at the same time
-- without the claimed window, the watermark was moved by hand, or a receipt was altered.
select
    source_table,
    previous_to_lsn,
    from_lsn
from {{ ref('ingestion_windows') }}
where is_chained and coalesce(has_overlap, true)
