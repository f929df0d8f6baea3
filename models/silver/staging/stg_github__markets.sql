-- One row per country: the newest landed state of markets.csv.
with

landed as (

    select * from {{ ref('github__markets') }}

),

ranked as (

    select
        *,
        dense_rank() over (order by _ingested_at desc, _file desc) as recency
    from landed

)

select
    -- keys
    country,

    -- attributes
    iso_code,
    region,
    currency,

    -- control
    _file,
    _ingested_at
from ranked
where recency = 1
