{{ pool_index('HEAP') }}
{{ staged(ref('dim_track'), ref('exports')) }}
