{{ staged(ref('dim_device'), ref('exports')) }}
