-- One row per plan and day, from the plan's first movement to the last day with a change of an
-- account or a plan. A late change affects all later days, so everything is computed and only the
-- differences are written.
{{
    config(
        unique_key=['date_day', 'plan'],
    )
}}

{% set counts = [
    'openings',
    'sign_ups',
    'returns',
    'upgrades',
    'downgrades',
    'switches',
    'departures',
    'cancellations',
] -%}

with

changes as (

    select
        *,
        cast(changed_at as date) as date_day
    from {{ ref('fct_subscription_changes') }}

),

known_plans as (

    select *
    from {{ ref('dim_subscription_plan') }}
    where subscription_plan_key != {{ unknown_key() }}

),

plans as (

    {{ versions_at('known_plans', 'plan') | indent(4) }}

),

moments as (

    select
        valid_from,
        valid_to,
        is_current
    from {{ ref('dim_user') }}
    where user_key != {{ unknown_key() }}

    union all

    select
        valid_from,
        valid_to,
        is_current
    from known_plans

),

log as (

    select
        cast(
            max(greatest(valid_from, case when not is_current then valid_to end)) as date
        ) as last_day
    from moments

),

-- A change of plan counts for both plans.
movements as (

    select
        date_day,
        to_plan as plan,
        movement,
        1 as subscribers
    from changes
    where to_plan is not null

    union all

    select
        date_day,
        from_plan as plan,
        case when to_plan is null then 'cancellation' else 'departure' end as movement,
        -1 as subscribers
    from changes
    where from_plan is not null

),

counted as (

    select
        date_day,
        plan,
        count_if(movement = 'opening') as openings,
        count_if(movement = 'sign_up') as sign_ups,
        count_if(movement = 'return') as returns,
        count_if(movement = 'upgrade') as upgrades,
        count_if(movement = 'downgrade') as downgrades,
        count_if(movement = 'switch') as switches,
        count_if(movement = 'departure') as departures,
        count_if(movement = 'cancellation') as cancellations,
        sum(subscribers) as new_subscribers
    from movements
    group by date_day, plan

),

accumulated as (

    select
        *,
        lead(date_day) over (partition by plan order by date_day) as next_date_day,
        sum(new_subscribers) over (
            partition by plan
            order by date_day
            rows between unbounded preceding and current row
        ) as subscribers
    from counted

),

-- Days without a movement too: with the subscribers of the previous day and the price of their own
-- day.
days as (

    select
        accumulated.*,
        explode(
            {{ carried_days('accumulated.date_day', 'next_date_day', 'log.last_day') | indent(12) }}
        ) as carried_day
    from accumulated
    cross join log

),

rebuilt as (

    select
        days.carried_day as date_day,
        days.plan,
        {% for count in counts -%}
        if(days.carried_day = days.date_day, days.{{ count }}, 0) as {{ count }},
        {% endfor -%}
        days.subscribers,
        plans.monthly_price,
        cast(days.subscribers * plans.monthly_price as decimal(18, 2)) as recurring_revenue,
        coalesce(plans.currency, 'Unknown') as currency
    from days
    left outer join plans
        on
            days.plan = plans.plan
            -- the version at the day's last microsecond, not the version that begins at midnight
            and days.carried_day >= cast(plans.matches_from as date)
            and days.carried_day < cast(plans.valid_to as date)

),

written as (

    {{ only_differences(
        'rebuilt',
        ['date_day', 'plan'],
        counts + ['subscribers', 'monthly_price', 'recurring_revenue', 'currency']
    ) | indent(4) }}

)

select
    -- keys
    date_day,
    plan,

    -- measures
    openings,
    sign_ups,
    returns,
    upgrades,
    downgrades,
    switches,
    departures,
    cancellations,
    subscribers,
    monthly_price,
    recurring_revenue,
    currency,

    -- control
    _is_deleted
from written
