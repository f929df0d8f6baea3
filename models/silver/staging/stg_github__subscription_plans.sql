-- One row per plan: the newest landed state of subscription_plans.csv.
with

landed as (

    select * from {{ ref('github__subscription_plans') }}

),

ranked as (

    select
        *,
        dense_rank() over (order by _ingested_at desc, _file desc) as recency
    from landed

)

select
    -- keys
    plan,

    -- attributes
    monthly_price,
    currency,
    max_devices,

    -- control
    _file,
    _ingested_at
from ranked
where recency = 1
