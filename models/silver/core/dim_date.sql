-- One row per calendar day. Type 1: the current state of the source's calendar, and a generated row
-- for each day that has plays but is missing in the calendar.
with

changes as (

    select *
    from {{ ref('stg_azure_sql__date_changes') }}
    where _quarantine_reasons is null

),

plays as (

    select * from {{ ref('fct_streams') }}

),

ranked as (

    select
        *,
        row_number() over (partition by date_key order by _change_sequence desc) as recency
    from changes

),

calendar as (

    select
        date_key,
        coalesce(
            date_day,
            -- NULL instead of an error for a key that is not a date, for example with seven digits
            -- or month 13
            case
                when date_key >= 10000101 and date_key <= 99991231
                    then try_cast(
                        concat_ws(
                            '-',
                            substring(cast(date_key as string), 1, 4),
                            substring(cast(date_key as string), 5, 2),
                            substring(cast(date_key as string), 7, 2)
                        ) as date
                    )
            end
        ) as date_day,
        day,
        month,
        year,
        weekday
    from ranked
    where recency = 1 and not _is_deleted

),

played as (

    select distinct
        date_key,
        cast(streamed_at as date) as date_day
    from plays

),

generated as (

    select
        played.date_key,
        played.date_day,
        day(played.date_day) as day,
        month(played.date_day) as month,
        year(played.date_day) as year,
        date_format(played.date_day, 'EEEE') as weekday
    from played
    left anti join calendar on played.date_key = calendar.date_key

),

days as (

    select
        date_key,
        date_day,
        day,
        month,
        year,
        weekday
    from calendar
    union all
    select
        date_key,
        date_day,
        day,
        month,
        year,
        weekday
    from generated

)

select
    date_key,
    date_day,
    day,
    month,
    year,
    weekday,
    weekofyear(date_day) as iso_week,
    quarter(date_day) as quarter,
    dayofweek(date_day) in (1, 7) as is_weekend
from days

union all

select
    -1 as date_key,
    cast(null as date) as date_day,
    cast(null as int) as day,
    cast(null as int) as month,
    cast(null as int) as year,
    'Unknown' as weekday,
    cast(null as int) as iso_week,
    cast(null as int) as quarter,
    cast(null as boolean) as is_weekend
