-- The windows of every table begin with a first load, which contains the rows that are not in the
-- change log. Otherwise the receipt of the first load is lost or altered, and nothing proves that
-- the older rows landed: restore the receipt, or load the table again.
select source_table
from {{ ref('ingestion_windows') }}
group by source_table
having count_if(mode = 'initial' and previous_to_lsn is null) = 0
