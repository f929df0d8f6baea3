{{ staged(ref('mart_user_engagement'), ref('exports')) }}
