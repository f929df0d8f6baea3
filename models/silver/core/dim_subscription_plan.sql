-- One row per version of a subscription plan, from every list that landed. The table is small and
-- is written completely: a list that lands late takes its place in time.
{% set plan = entity('plan') -%}

with

lines as (

    select * from {{ ref('stg_github__subscription_plan_lines') }}

),

versions as (

    {{ listed_versions('lines', plan.key, plan.tracked) | indent(4) }}

)

select
    -- keys
    {{ version_key('plan') }} as subscription_plan_key,
    plan,

    -- attributes
    monthly_price,
    currency,
    max_devices,

    -- validity
    valid_from,
    valid_to,
    valid_to = {{ end_of_time() }} as is_current
from versions

union all

select
    {{ unknown_key() }} as subscription_plan_key,
    'Unknown' as plan,
    cast(null as decimal(9, 2)) as monthly_price,
    'Unknown' as currency,
    cast(null as int) as max_devices,
    {{ beginning_of_time() }} as valid_from,
    {{ end_of_time() }} as valid_to,
    true as is_current
