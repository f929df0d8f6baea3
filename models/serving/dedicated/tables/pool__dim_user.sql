{{ staged(ref('dim_user'), ref('exports')) }}
