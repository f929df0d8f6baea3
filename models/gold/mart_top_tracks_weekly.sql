-- One row per ISO week and track on that week's chart. The names are those at the time of the
-- week's last play of the track. An affected week is recomputed and replaced completely.
{{
    config(
        unique_key=['week_start', 'track_id'],
        partition_by='week_start',
    )
}}

{% set changes = ref('stg_azure_sql__play_deliveries') -%}
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

    select
        *,
        cast(date_trunc('week', streamed_at) as date) as week_start
    from {{ ref('fct_streams') }}

),

tracks as (

    select * from {{ ref('dim_track') }}

),

artists as (

    select * from {{ ref('dim_artist') }}

),

affected_days as (

    {{ affected_days('plays', changes) | indent(4) }}

),

affected_weeks as (

    select distinct cast(date_trunc('week', date_day) as date) as week_start
    from affected_days

),

charted as (

    {{ weekly_chart('plays', 'affected_weeks', 'track_id') | indent(4) }}

),

-- The week's last play of a track determines the names in the chart.
named as (

    select
        charted.*,
        plays.track_key,
        plays.artist_key,
        row_number() over (
            partition by charted.week_start, charted.track_id order by plays.stream_id desc
        ) as recency
    from charted
    inner join plays
        on
            charted.week_start = plays.week_start
            and charted.track_id = plays.track_id
            and charted.last_streamed_at = plays.streamed_at

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
