-- Made by `medallion synapse models` from the contract of mart_catalog_health; change it there.
{{ served(ref('mart_catalog_health')) }}
