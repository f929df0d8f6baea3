{{ pool_index('HEAP') }}
{{ staged(ref('mart_user_engagement'), ref('exports')) }}
