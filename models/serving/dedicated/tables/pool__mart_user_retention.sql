{{ pool_index('HEAP') }}
{{ staged(ref('mart_user_retention'), ref('exports')) }}
