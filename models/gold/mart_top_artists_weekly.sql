-- One row per ISO week and artist on that week's chart. The name is that of the artist at the time
-- of the week's last play. An affected week is recomputed and replaced completely.
{{
    config(
        unique_key=['week_start', 'artist_id'],
        partition_by='week_start',
    )
}}

{% set changes = ref('stg_azure_sql__play_deliveries') -%}

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

days as (

    {{ touched_days('plays', changes) | indent(4) }}

),

touched as (

    select distinct cast(date_trunc('week', date_day) as date) as week_start
    from days

),

charted as (

    {{ weekly_chart('plays', 'artist_id') | indent(4) }}

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
        named._merged_through,
        false as _is_deleted
    from named
    inner join artists on named.artist_key = artists.artist_key
    where named.recency = 1

),

replaced as (

    {{ with_tombstones('rebuilt', ['week_start', 'artist_id'], scope='week_start') | indent(4) }}

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
    _is_leftover as _is_deleted
from replaced
