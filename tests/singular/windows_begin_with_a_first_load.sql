-- The windows of every table begin with a first load, which holds what the change log does not
-- tell. If one does not, the first load's receipt is lost or altered, and nothing proves that the
-- rows from before it landed: restore the receipt, or load the table anew.
select source_table
from {{ ref('ingestion_windows') }}
group by source_table
having count_if(mode = 'initial' and previous_to_lsn is null) = 0
