{{ pool_index('CLUSTERED INDEX (week_start)') }}
{{ staged(ref('mart_top_tracks_weekly'), ref('exports')) }}
