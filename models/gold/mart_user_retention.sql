-- One row per cohort and week in which somebody of it was active. One early play moves a user to
-- another cohort, in every week: so all is computed, and only what differs is written.
{{
    config(
        unique_key=['cohort_week', 'weeks_since'],
    )
}}

with

plays as (

    select * from {{ ref('fct_streams') }}

),

active as (

    select distinct
        user_id,
        cast(date_trunc('week', streamed_at) as date) as week_start
    from plays

),

joined as (

    select
        week_start,
        min(week_start) over (partition by user_id) as cohort_week
    from active

),

counted as (

    select
        cohort_week,
        week_start,
        count(*) as active_users
    from joined
    group by cohort_week, week_start

),

rebuilt as (

    select
        cohort_week,
        cast(datediff(week_start, cohort_week) / 7 as int) as weeks_since,
        -- all of a cohort were active in its own week, and never more
        max(active_users) over (partition by cohort_week) as cohort_users,
        active_users,
        cast(active_users as double)
        / cast(max(active_users) over (partition by cohort_week) as double) as retention,
        false as _is_deleted
    from counted

),

written as (

    {{ only_differences(
        'rebuilt',
        ['cohort_week', 'weeks_since'],
        ['cohort_users', 'active_users', 'retention']
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

    -- control
    _is_leftover as _is_deleted
from written
