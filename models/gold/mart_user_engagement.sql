-- One row per calendar day from the first play to the last, including days without plays. An
-- affected day also changes the figures of the 29 days after it, so these are recomputed too.
{{
    config(
        unique_key='date_day',
    )
}}

{% set columns = [
    'date_day',
    'daily_active_users',
    'weekly_active_users',
    'monthly_active_users',
    'stickiness',
    'is_window_complete',
    '_loaded_through',
    '_merged_through',
] -%}

with

plays as (

    select * from {{ ref('fct_streams') }}

),

days as (

    select * from {{ ref('play_days') }}

),

bounds as (

    select
        min(date_day) as first_day,
        max(date_day) as last_day
    from days
    where plays > 0

),

-- The 30-day window of a day is complete from the 30th day of the series.
calendar as (

    select
        date_day,
        date_day >= date_add(first_day, 29) as is_window_complete
    from (
        select
            first_day,
            explode(sequence(first_day, last_day, interval 1 day)) as date_day
        from bounds
        where first_day is not null
    ) as series

),

{% if is_incremental() -%}
changed_days as (

    {{ affected_days('days') | indent(4) }}

),

published as (

    select
        date_day,
        is_window_complete
    from {{ this }}

),

-- Recompute the windows that contain an affected day, the days that are new to the series, the days
-- whose window became complete or incomplete because the first day moved, and the days that are no
-- longer in the series.
affected_days as (

    select calendar.date_day
    from calendar
    inner join changed_days
        on
            calendar.date_day >= changed_days.date_day
            and calendar.date_day < date_add(changed_days.date_day, 30)
    union distinct
    select calendar.date_day
    from calendar
    left anti join published
        on
            calendar.date_day = published.date_day
            and calendar.is_window_complete = published.is_window_complete
    union distinct
    select published.date_day
    from published
    left anti join calendar on published.date_day = calendar.date_day

),

{% else -%}
affected_days as (

    select date_day from calendar

),

{% endif -%}
target_days as (

    select
        calendar.date_day,
        calendar.is_window_complete
    from calendar
    left semi join affected_days on calendar.date_day = affected_days.date_day

),

days_in_windows as (

    select
        days.date_key,
        days.date_day,
        days._merged_at
    from days
    where
        days.date_day >= (select date_add(min(target_days.date_day), -29) from target_days)
        and days.date_day <= (select max(target_days.date_day) from target_days)

),

-- The smaller side of the join comes first, because Sail builds its hash table from that side.
-- Databricks chooses the side itself.
visits as (

    select
        days_in_windows.date_day as played_on,
        plays.user_id,
        max(plays._loaded_through) as _loaded_through,
        max(days_in_windows._merged_at) as _merged_through
    from days_in_windows
    inner join plays on days_in_windows.date_key = plays.date_key
    group by days_in_windows.date_day, plays.user_id

),

followed as (

    select
        *,
        lead(played_on) over (partition by user_id order by played_on) as next_played_on
    from visits

),

-- A listener counts on every day from a visit until the next visit, or until the window has passed.
-- A listener then counts once per day, so `distinct` is not needed. Visits with the same dates are
-- counted together, so few rows remain.
visits_by_span as (

    select
        played_on,
        least(coalesce(datediff(next_played_on, played_on), 30), 30) as days_until_next,
        count(*) as users,
        max(_loaded_through) as _loaded_through,
        max(_merged_through) as _merged_through
    from followed
    group by
        played_on,
        least(coalesce(datediff(next_played_on, played_on), 30), 30)

),

listeners as (

    select
        played_on,
        users,
        _loaded_through,
        _merged_through,
        explode(
            sequence(played_on, date_add(played_on, days_until_next - 1), interval 1 day)
        ) as date_day
    from visits_by_span

),

counted as (

    select
        target_days.date_day,
        target_days.is_window_complete,
        coalesce(
            sum(case when listeners.played_on = target_days.date_day then listeners.users end), 0
        ) as daily_active_users,
        coalesce(
            sum(
                case
                    when listeners.played_on > date_add(target_days.date_day, -7)
                        then listeners.users
                end
            ),
            0
        ) as weekly_active_users,
        coalesce(sum(listeners.users), 0) as monthly_active_users,
        max(listeners._loaded_through) as _loaded_through,
        max(listeners._merged_through) as _merged_through
    from target_days
    left outer join listeners on target_days.date_day = listeners.date_day
    group by target_days.date_day, target_days.is_window_complete

),

rebuilt as (

    select
        date_day,
        daily_active_users,
        weekly_active_users,
        monthly_active_users,
        case
            when is_window_complete
                then
                    cast(daily_active_users as double)
                    / nullif(cast(monthly_active_users as double), 0)
        end as stickiness,
        is_window_complete,
        _loaded_through,
        _merged_through
    from counted

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_days',
        'date_day',
        scope='date_day',
        columns=columns
    ) | indent(4) }}

)

select
    -- keys
    date_day,

    -- measures
    daily_active_users,
    weekly_active_users,
    monthly_active_users,
    stickiness,
    is_window_complete,

    -- control
    _loaded_through,
    _merged_through,
    _is_deleted
from replaced
