-- One row per ISO week and artist on that week's chart. The name is that of the artist at the time
-- of the week's last play. An affected week is recomputed and replaced completely.
{{
    config(
        unique_key=['week_start', 'artist_id'],
        partition_by='week_start',
    )
}}

{% set columns = [
    'week_start',
    'rank',
    'artist_id',
    'artist_name',
    'streams',
    'listeners',
    '_loaded_through',
    '_merged_through',
] -%}

with

plays as (

    select
        stream_id,
        date_key,
        user_id,
        artist_key,
        streamed_at,
        _loaded_through,
        coalesce(artist_id, -1) as artist_id
    from {{ ref('fct_streams') }}

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

    {{ weekly_chart('played', 'artist_id') | indent(4) }}

),

-- The week's last play of an artist determines the name in the chart.
named as (

    select
        charted.*,
        played.artist_key,
        row_number() over (
            partition by charted.week_start, charted.artist_id order by played.stream_id desc
        ) as recency
    from charted
    inner join played
        on
            charted.week_start = played.week_start
            and charted.artist_id = played.artist_id
            and charted.last_streamed_at = played.streamed_at

),

rebuilt as (

    select
        named.week_start,
        named.`rank`,
        named.artist_id,
        coalesce(artists.artist_name, 'Unknown') as artist_name,
        named.streams,
        named.listeners,
        named._loaded_through,
        named._merged_through
    from named
    inner join artists on named.artist_key = artists.artist_key
    where named.recency = 1

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_weeks',
        ['week_start', 'artist_id'],
        scope='week_start',
        columns=columns
    ) | indent(4) }}

)

select
    -- keys
    week_start,
    `rank`,
    artist_id,

    -- attributes
    artist_name,

    -- measures
    streams,
    listeners,

    -- control
    _loaded_through,
    _merged_through,
    _is_deleted
from replaced
