-- One row per plan of the newest list that counts, without quarantined lines.
with

lines as (

    select *
    from {{ ref('stg_github__subscription_plan_lines') }}
    where _is_counted

),

ranked as (

    select
        *,
        dense_rank() over (order by _ingested_at desc) as list_recency,
        row_number() over (
            partition by _ingested_at, plan order by _file
        ) as occurrence
    from lines
    where _quarantine_reasons is null

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
where list_recency = 1 and occurrence = 1
