{{ staged(ref('mart_top_tracks_weekly'), ref('exports')) }}
