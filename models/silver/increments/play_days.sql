-- One row per day that has or had plays, with the time when a build last found them changed. Marts
-- recompute the days that changed after their own high-water mark.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='date_key',
        on_schema_change='fail',
    )
}}

with

plays as (

    select * from {{ ref('fct_streams') }}

),

counted as (

    select
        date_key,
        count(*) as plays,
        max(_merged_at) as _plays_merged_through
    from plays
    group by date_key

),

{% if is_incremental() -%}
known as (

    select * from {{ this }}

),

-- A row that is inserted or updated has a later stamp than all others. If rows were only deleted,
-- the day has fewer. A day without plays remains with 0 plays, so that the marts see it.
changed as (

    select
        coalesce(counted.date_key, known.date_key) as date_key,
        coalesce(counted.plays, 0) as plays,
        coalesce(
            counted._plays_merged_through, known._plays_merged_through
        ) as _plays_merged_through
    from counted
    full outer join known on counted.date_key = known.date_key
    where
        known.date_key is null
        or coalesce(counted.plays, 0) != known.plays
        or counted._plays_merged_through != known._plays_merged_through

),

{% endif -%}
dated as (

    select
        *,
        to_date(cast(date_key as string), 'yyyyMMdd') as date_day
    from {{ 'changed' if is_incremental() else 'counted' }}

)

select
    -- keys
    date_key,
    date_day,

    -- measures
    plays,

    -- control
    _plays_merged_through,
    {{ next_mark('_merged_at', read_as='_merged_through') }} as _merged_at,
    false as _is_deleted
from dated
