{{ staged(ref('mart_user_retention'), ref('exports')) }}
