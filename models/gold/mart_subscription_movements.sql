-- One row per day and plan that users came to or left on it. One late change moves the subscribers
-- of every later day: so all is computed, and only what differs is written.
{{
    config(
        unique_key=['date_day', 'plan'],
    )
}}

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
        cast(date_add(date_day, 1) as timestamp) as next_midnight,
        sum(new_subscribers) over (
            partition by plan
            order by date_day
            rows between unbounded preceding and current row
        ) as subscribers
    from counted

),

rebuilt as (

    select
        accumulated.date_day,
        accumulated.plan,
        accumulated.sign_ups,
        accumulated.returns,
        accumulated.upgrades,
        accumulated.downgrades,
        accumulated.switches,
        accumulated.departures,
        accumulated.cancellations,
        accumulated.subscribers,
        plans.monthly_price,
        cast(accumulated.subscribers * plans.monthly_price as decimal(18, 2)) as recurring_revenue,
        false as _is_deleted
    from accumulated
    left outer join plans
        on
            accumulated.plan = plans.plan
            -- the version of the day's last microsecond: not that which begins at midnight
            and accumulated.next_midnight > plans.matches_from
            and accumulated.next_midnight <= plans.valid_to

),

written as (

    {{ only_differences(
        'rebuilt',
        ['date_day', 'plan'],
        [
            'sign_ups',
            'returns',
            'upgrades',
            'downgrades',
            'switches',
            'departures',
            'cancellations',
            'subscribers',
            'monthly_price',
            'recurring_revenue',
        ]
    ) | indent(4) }}

)

select
    -- keys
    date_day,
    plan,

    -- measures
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

    -- control
    _is_leftover as _is_deleted
from written
