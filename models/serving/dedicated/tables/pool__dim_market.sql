{{ pool_index('HEAP') }}
{{ staged(ref('dim_market'), ref('exports')) }}
