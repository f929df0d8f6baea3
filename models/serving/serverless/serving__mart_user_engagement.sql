-- Made by `medallion synapse models` from the contract of mart_user_engagement; change it there.
{{ served(ref('mart_user_engagement')) }}
