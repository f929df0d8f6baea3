{{ staged(ref('mart_top_artists_weekly'), ref('exports')) }}
