-- One row per day that had plays: how many of them the catalogue cannot explain. Each play is
-- compared with the track version that was valid when it began. An affected day is recomputed and
-- replaced completely.
{{
    config(
        unique_key='date_day',
    )
}}

{% set columns = [
    'date_day',
    'streams',
    'tracks_played',
    'streams_of_unknown_tracks',
    'streams_of_unknown_artists',
    'streams_of_incomplete_tracks',
    'streams_longer_than_the_track',
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

judged as (

    select
        played.date_day,
        played.track_id,
        played._loaded_through,
        played._merged_through,
        played.track_key = {{ unknown_key() }} as is_of_unknown_track,
        played.artist_key = {{ unknown_key() }} as is_of_unknown_artist,
        played.track_key != {{ unknown_key() }}
        and (
            tracks.track_name is null
            or tracks.artist_id is null
            or tracks.duration_sec is null
        ) as is_of_incomplete_track,
        -- in tenths of a second, so that 1.1 times the length is an integer
        10 * cast(played.listen_duration_sec as bigint)
        > 11 * cast(tracks.duration_sec as bigint) as is_longer_than_the_track
    from tracks
    inner join played on tracks.track_key = played.track_key

),

rebuilt as (

    select
        date_day,
        count(*) as streams,
        count(distinct track_id) as tracks_played,
        count_if(is_of_unknown_track) as streams_of_unknown_tracks,
        count_if(is_of_unknown_artist) as streams_of_unknown_artists,
        count_if(is_of_incomplete_track) as streams_of_incomplete_tracks,
        count_if(is_longer_than_the_track) as streams_longer_than_the_track,
        max(_loaded_through) as _loaded_through,
        max(_merged_through) as _merged_through
    from judged
    group by date_day

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_days',
        'date_day',
        scope='date_day',
        columns=columns
    ) | indent(4) }}

)

select
    -- keys
    date_day,

    -- measures
    streams,
    tracks_played,
    streams_of_unknown_tracks,
    streams_of_unknown_artists,
    streams_of_incomplete_tracks,
    streams_longer_than_the_track,

    -- control
    _loaded_through,
    _merged_through,
    _is_deleted
from replaced
