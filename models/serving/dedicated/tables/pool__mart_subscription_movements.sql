{{ pool_index('HEAP') }}
{{ staged(ref('mart_subscription_movements'), ref('exports')) }}
