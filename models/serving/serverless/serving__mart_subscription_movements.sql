-- Made by `medallion synapse models` from the contract of mart_subscription_movements; change it there.
{{ served(ref('mart_subscription_movements')) }}
