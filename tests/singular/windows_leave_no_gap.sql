-- Each window begins directly after the previous one. A gap means that changes were never landed,
-- or that a receipt is lost or altered: `medallion receipts verify` reports the LSNs, and a
-- backfill of their days lands the changes again.
select
    source_table,
    previous_to_lsn,
    from_lsn
from {{ ref('ingestion_windows') }}
where is_chained and coalesce(has_gap, true)
