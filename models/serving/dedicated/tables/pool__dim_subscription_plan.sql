{{ pool_index('HEAP') }}
{{ staged(ref('dim_subscription_plan'), ref('exports')) }}
