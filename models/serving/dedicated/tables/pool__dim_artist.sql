{{ staged(ref('dim_artist'), ref('exports')) }}
