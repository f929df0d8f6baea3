-- One row per line of each landed version of subscription_plans.csv, checked against the rules.
{% set plan = entity('plan') -%}

with

lines as (

    {{ listed_lines(plan.bronze, plan.key, plan.tracked) | indent(4) }}

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
    _ingested_at,
    _loaded_at,
    _landed_row,
    _quarantine_reasons,
    _is_counted
from lines
