{{ pool_index('HEAP') }}
{{ staged(ref('dim_device'), ref('exports')) }}
