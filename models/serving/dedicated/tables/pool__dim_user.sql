{{ pool_index('HEAP') }}
{{ staged(ref('dim_user'), ref('exports')) }}
