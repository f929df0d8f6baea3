-- One row per plan: the newest landed state of subscription_plans.csv, without what is in
-- quarantine.
with

newest as (

    {{ newest_file('github__subscription_plans') | indent(4) }}

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
from newest
where _quarantine_reasons is null
