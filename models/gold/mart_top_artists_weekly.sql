-- One row per ISO week and artist on that week's chart. The name is the one that the week's last
-- play of the artist was heard under. A touched week is recomputed and replaced whole.
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
        track_key,
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

rebuilt as (

    select
        charted.week_start,
        charted.`rank`,
        charted.artist_id,
        coalesce(artists.artist_name, 'Unknown') as artist_name,
        charted.streams,
        charted.listeners,
        charted.week_loaded_through as _loaded_through,
        charted.week_merged_through as _merged_through,
        false as _is_deleted
    from charted
    inner join artists on charted.artist_key = artists.artist_key

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
