-- One row per day, country, plan and device that had plays. Country and plan are those of the
-- listener's account when the play began. An affected day is recomputed and replaced completely.
{{
    config(
        unique_key=['date_day', 'country', 'subscription_type', 'device_type'],
        partition_by='date_day',
    )
}}

{% set columns = [
    'date_day',
    'country',
    'subscription_type',
    'device_type',
    'streams',
    'listeners',
    'listen_seconds',
    '_loaded_through',
    '_merged_through',
] -%}

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

days as (

    select * from {{ ref('play_days') }}

),

affected_days as (

    {{ affected_days('days') | indent(4) }}

),

-- The smaller side of each join comes first, because Sail builds its hash table from that side.
-- Databricks chooses the side itself.
played as (

    select
        plays.*,
        affected_days.date_day,
        affected_days._merged_at as _merged_through
    from affected_days
    inner join plays on affected_days.date_key = plays.date_key

),

located as (

    select
        played.date_day,
        played.user_id,
        played.device_key,
        played.listen_duration_sec,
        played._loaded_through,
        played._merged_through,
        coalesce(users.country, 'Unknown') as country,
        coalesce(users.subscription_type, 'Unknown') as subscription_type
    from users
    inner join played on users.user_key = played.user_key

),

labelled as (

    select
        located.*,
        devices.device_type
    from devices
    inner join located on devices.device_key = located.device_key

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
        max(_merged_through) as _merged_through
    from labelled
    group by date_day, country, subscription_type, device_type

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_days',
        ['date_day', 'country', 'subscription_type', 'device_type'],
        scope='date_day',
        columns=columns
    ) | indent(4) }}

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
    _is_deleted
from replaced
