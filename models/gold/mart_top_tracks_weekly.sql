-- One row per ISO week and track on that week's chart. Names are those that the week's last play of
-- the track was heard under. A touched week is recomputed and replaced whole.
{{
    config(
        unique_key=['week_start', 'track_id'],
    )
}}

{% set changes = ref('stg_azure_sql__play_deliveries') -%}

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

days as (

    {{ touched_days('plays', changes) | indent(4) }}

),

touched as (

    select distinct cast(date_trunc('week', date_day) as date) as week_start
    from days

),

counted as (

    select
        plays.week_start,
        plays.track_id,
        count(*) as streams,
        count(distinct plays.user_id) as listeners,
        max(plays._loaded_through) as _loaded_through,
        max(plays._merged_at) as _merged_through,
        -- The week's last play of a track decides the names it is charted under.
        max_by(plays.track_key, struct(plays.streamed_at, plays.stream_id)) as last_track_key,
        max_by(plays.artist_key, struct(plays.streamed_at, plays.stream_id)) as last_artist_key
    from touched
    inner join plays on touched.week_start = plays.week_start
    group by plays.week_start, plays.track_id

),

charted as (

    select
        *,
        row_number() over (
            partition by week_start
            order by streams desc, listeners desc, track_id asc
        ) as `rank`,
        max(_loaded_through) over (partition by week_start) as week_loaded_through,
        max(_merged_through) over (partition by week_start) as week_merged_through
    from counted

),

rebuilt as (

    select
        charted.week_start,
        charted.`rank`,
        charted.track_id,
        coalesce(tracks.track_name, 'Unknown') as track_name,
        coalesce(artists.artist_name, 'Unknown') as artist_name,
        charted.streams,
        charted.listeners,
        charted.week_loaded_through as _loaded_through,
        charted.week_merged_through as _merged_through,
        false as _is_deleted
    from charted
    inner join tracks on charted.last_track_key = tracks.track_key
    inner join artists on charted.last_artist_key = artists.artist_key
    where charted.`rank` <= {{ var('top_tracks_kept') }}

),

replaced as (

    {{ with_tombstones('rebuilt', ['week_start', 'track_id'], scope='week_start') | indent(4) }}

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
    _is_leftover as _is_deleted
from replaced
