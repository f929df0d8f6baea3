{{ staged(ref('dim_market'), ref('exports')) }}
