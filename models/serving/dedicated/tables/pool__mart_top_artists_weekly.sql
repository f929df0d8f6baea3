{{ pool_index('CLUSTERED INDEX (week_start)') }}
{{ staged(ref('mart_top_artists_weekly'), ref('exports')) }}
