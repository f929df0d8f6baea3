{{ pool_index('HEAP') }}
{{ staged(ref('mart_catalog_health'), ref('exports')) }}
