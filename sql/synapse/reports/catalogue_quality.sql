-- The tracks of which the catalogue lacks the name, the duration or the artist, for the catalogue team.
SELECT
    track.track_id,
    track.track_name,
    track.duration_sec,
    artist.artist_name,
    (SELECT SUM(streams_of_incomplete_tracks) FROM serving.mart_catalog_health) AS streams_concerned
FROM serving.dim_track AS track
LEFT OUTER JOIN serving.dim_artist AS artist
    ON artist.artist_id = track.artist_id AND artist.is_current = 1
WHERE track.is_current = 1
    AND (track.track_name IS NULL OR track.duration_sec IS NULL OR artist.artist_id IS NULL)
ORDER BY track.track_id;
