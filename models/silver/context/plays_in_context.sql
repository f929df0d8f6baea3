-- One row per play of the fact, with the values that its rules compare.
with

plays as (

    select * from {{ ref('fct_streams') }}

),

tracks as (

    select * from {{ ref('dim_track') }}

)

-- The smaller side of the join comes first, because Sail builds its hash table from that side.
-- Databricks chooses the side itself.
select
    -- keys
    plays.stream_id,
    plays.user_key,
    plays.track_key,
    plays.artist_key,
    plays.date_key,
    plays.user_id,
    plays.track_id,
    plays.artist_id,

    -- attributes
    plays.streamed_at,
    plays.source_date_key,
    tracks.release_date as track_release_date,

    -- measures
    plays.listen_duration_sec,
    tracks.duration_sec as track_duration_sec
from tracks
inner join plays on tracks.track_key = plays.track_key
