-- One row per ISO week and track on that week's chart. The names are those at the time of the
-- week's last play of the track. An affected week is recomputed and replaced completely.
{{
    config(
        unique_key=['week_start', 'track_id'],
        partition_by='week_start',
    )
}}

{% set columns = [
    'week_start',
    'rank',
    'track_id',
    'track_name',
    'artist_name',
    'streams',
    'listeners',
    '_loaded_through',
    '_merged_through',
] -%}

with

plays as (

    select * from {{ ref('fct_streams') }}

),

tracks as (

    select * from {{ ref('dim_track') }}

),

artists as (

    select * from {{ ref('dim_artist') }}

),

days as (

    select * from {{ ref('play_days') }}

),

affected_days as (

    {{ affected_days('days') | indent(4) }}

),

affected_weeks as (

    select
        cast(date_trunc('week', date_day) as date) as week_start,
        max(_merged_at) as _merged_through
    from affected_days
    group by cast(date_trunc('week', date_day) as date)

),

played as (

    {{ plays_of_weeks('plays', 'days', 'affected_weeks') | indent(4) }}

),

charted as (

    {{ weekly_chart('played', 'track_id') | indent(4) }}

),

-- The week's last play of a track determines the names in the chart.
named as (

    select
        charted.*,
        played.track_key,
        played.artist_key,
        row_number() over (
            partition by charted.week_start, charted.track_id order by played.stream_id desc
        ) as recency
    from charted
    inner join played
        on
            charted.week_start = played.week_start
            and charted.track_id = played.track_id
            and charted.last_streamed_at = played.streamed_at

),

rebuilt as (

    select
        named.week_start,
        named.`rank`,
        named.track_id,
        coalesce(tracks.track_name, 'Unknown') as track_name,
        coalesce(artists.artist_name, 'Unknown') as artist_name,
        named.streams,
        named.listeners,
        named._loaded_through,
        named._merged_through
    from named
    inner join tracks on named.track_key = tracks.track_key
    inner join artists on named.artist_key = artists.artist_key
    where named.recency = 1

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_weeks',
        ['week_start', 'track_id'],
        scope='week_start',
        columns=columns
    ) | indent(4) }}

)

select
    -- keys
    week_start,
    `rank`,
    track_id,

    -- attributes
    track_name,
    artist_name,

    -- measures
    streams,
    listeners,

    -- control
    _loaded_through,
    _merged_through,
    _is_deleted
from replaced
