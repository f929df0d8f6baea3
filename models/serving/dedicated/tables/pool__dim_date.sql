{{ staged(ref('dim_date'), ref('exports')) }}
