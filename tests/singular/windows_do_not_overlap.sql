-- No window begins before the one before it has ended. An overlap lands changes twice, which
-- staging counts once; but no run does so by itself: two ran at once without the pin, the watermark
-- was moved by hand, or a receipt is altered.
select
    source_table,
    previous_to_lsn,
    from_lsn
from {{ ref('ingestion_windows') }}
where is_chained and coalesce(has_overlap, true)
