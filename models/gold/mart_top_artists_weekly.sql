-- One row per ISO week and artist on that week's chart. The name is that of the artist at the time
-- of the week's last play. An affected week is recomputed and replaced completely.
{{
    config(
        unique_key=['week_start', 'artist_id'],
        partition_by='week_start',
    )
}}

{% set changes = ref('stg_azure_sql__play_deliveries') -%}
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
        user_id,
        artist_key,
        streamed_at,
        _loaded_through,
        _merged_at,
        coalesce(artist_id, -1) as artist_id,
        cast(date_trunc('week', streamed_at) as date) as week_start
    from {{ ref('fct_streams') }}

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

    {{ weekly_chart('plays', 'affected_weeks', 'artist_id') | indent(4) }}

),

-- The week's last play of an artist determines the name in the chart.
named as (

    select
        charted.*,
        plays.artist_key,
        row_number() over (
            partition by charted.week_start, charted.artist_id order by plays.stream_id desc
        ) as recency
    from charted
    inner join plays
        on
            charted.week_start = plays.week_start
            and charted.artist_id = plays.artist_id
            and charted.last_streamed_at = plays.streamed_at

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
