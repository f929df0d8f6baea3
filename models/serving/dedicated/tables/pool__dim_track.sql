{{ staged(ref('dim_track'), ref('exports')) }}
