-- One row per landed state of a play: the day it stood on, and when it arrived. Redeliveries stay:
-- it only tells which days a batch may touch, and a scan without a sort is what makes it cheap.
select
    stream_id,
    cast(stream_timestamp as date) as date_day,
    _loaded_at
from {{ ref('azure_sql__fact_stream') }}
where _operation != 3
