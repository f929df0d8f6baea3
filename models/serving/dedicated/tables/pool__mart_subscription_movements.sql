{{ staged(ref('mart_subscription_movements'), ref('exports')) }}
