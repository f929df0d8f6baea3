{{ pool_index('HEAP') }}
{{ staged(ref('dim_date'), ref('exports')) }}
