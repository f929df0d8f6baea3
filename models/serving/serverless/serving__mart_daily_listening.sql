-- Made by `medallion synapse models` from the contract of mart_daily_listening; change it there.
{{ served(ref('mart_daily_listening')) }}
