-- One row per cohort and week, from the cohort's own week to the last week with plays. An early
-- play moves a user to another cohort, in every week. Everything is therefore computed, and only
-- the differences are written.
{{
    config(
        unique_key=['cohort_week', 'weeks_since'],
    )
}}

with

plays as (

    select * from {{ ref('fct_streams') }}

),

dated as (

    select
        user_id,
        cast(date_trunc('week', streamed_at) as date) as week_start,
        cast(streamed_at as date) as played_on
    from plays

),

active as (

    select
        user_id,
        week_start,
        max(played_on) as last_day
    from dated
    group by user_id, week_start

),

joined as (

    select
        week_start,
        last_day,
        min(week_start) over (partition by user_id) as cohort_week
    from active

),

counted as (

    select
        cohort_week,
        week_start as active_week,
        count(*) as active_users,
        max(last_day) as last_day
    from joined
    group by cohort_week, week_start

),

bounded as (

    select
        cohort_week,
        active_week,
        active_users,
        -- all users of a cohort were active in its own week, and never more in a later week
        max(active_users) over (partition by cohort_week) as cohort_users,
        lead(active_week) over (
            partition by cohort_week order by active_week
        ) as next_active_week,
        max(last_day) over () as last_day
    from counted

),

-- Each row is repeated until the next row of its cohort, for the weeks in which nobody was active.
weeks as (

    select
        cohort_week,
        active_week,
        active_users,
        cohort_users,
        last_day,
        explode(
            {{ carried_days('active_week', 'next_active_week', 'last_day', 7) | indent(12) }}
        ) as week_start
    from bounded

),

counted_weeks as (

    select
        cohort_week,
        week_start,
        cohort_users,
        case when week_start = active_week then active_users else 0 end as active_users,
        date_add(week_start, 6) <= last_day as is_week_complete
    from weeks

),

rebuilt as (

    select
        cohort_week,
        cast(datediff(week_start, cohort_week) / 7 as int) as weeks_since,
        cohort_users,
        active_users,
        cast(active_users as double) / cast(cohort_users as double) as retention,
        is_week_complete
    from counted_weeks

),

written as (

    {{ only_differences(
        'rebuilt',
        ['cohort_week', 'weeks_since'],
        ['cohort_users', 'active_users', 'retention', 'is_week_complete']
    ) | indent(4) }}

)

select
    -- keys
    cohort_week,
    weeks_since,

    -- measures
    cohort_users,
    active_users,
    retention,
    is_week_complete,

    -- control
    _is_deleted
from written
