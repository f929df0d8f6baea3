-- The charts of the last week, as the job of the start page reads them every Monday.
SELECT N'tracks' AS chart, [rank], track_name AS title, artist_name, streams
FROM serving.mart_top_tracks_weekly
WHERE week_start = (SELECT MAX(week_start) FROM serving.mart_top_tracks_weekly)
UNION ALL
SELECT N'artists' AS chart, [rank], artist_name AS title, artist_name, streams
FROM serving.mart_top_artists_weekly
WHERE week_start = (SELECT MAX(week_start) FROM serving.mart_top_artists_weekly)
ORDER BY chart, [rank];
