-- One row per day, country, plan and device that had plays. Country and plan are those of the
-- listener's account when the play began. A touched day is recomputed and replaced whole.
{{
    config(
        unique_key=['date_day', 'country', 'subscription_type', 'device_type'],
    )
}}

{% set changes = ref('stg_azure_sql__play_days') -%}

with

plays as (

    select * from {{ ref('fct_streams') }}

),

users as (

    select * from {{ ref('dim_user') }}

),

devices as (

    select * from {{ ref('dim_device') }}

),

touched as (

    {{ touched_days('plays', changes) | indent(4) }}

),

labelled as (

    select
        plays.user_id,
        plays.listen_duration_sec,
        plays._loaded_through,
        plays._merged_at,
        cast(plays.streamed_at as date) as date_day,
        coalesce(users.country, 'Unknown') as country,
        coalesce(users.subscription_type, 'Unknown') as subscription_type,
        devices.device_type
    from plays
    inner join users on plays.user_key = users.user_key
    inner join devices on plays.device_key = devices.device_key
    left semi join touched on cast(plays.streamed_at as date) = touched.date_day

),

rebuilt as (

    select
        date_day,
        country,
        subscription_type,
        device_type,
        count(*) as streams,
        count(distinct user_id) as listeners,
        coalesce(sum(cast(listen_duration_sec as bigint)), 0) as listen_seconds,
        max(_loaded_through) as _loaded_through,
        max(_merged_at) as _merged_through,
        false as _is_deleted,
        false as _is_leftover
    from labelled
    group by date_day, country, subscription_type, device_type

),

{% if is_incremental() -%}
leftovers as (

    {{ tombstones(
        'rebuilt',
        ['date_day', 'country', 'subscription_type', 'device_type'],
        scope='date_day'
    ) | indent(4) }}

),

{% endif -%}
replaced as (

    select * from rebuilt
    {% if is_incremental() -%}
    union all
    select * from leftovers
    {%- endif %}

)

select
    -- keys
    date_day,
    country,
    subscription_type,
    device_type,

    -- measures
    streams,
    listeners,
    listen_seconds,

    -- control
    _loaded_through,
    _merged_through,
    _is_leftover as _is_deleted
from replaced
