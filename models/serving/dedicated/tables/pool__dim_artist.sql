{{ pool_index('HEAP') }}
{{ staged(ref('dim_artist'), ref('exports')) }}
