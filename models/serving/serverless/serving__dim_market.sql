-- Made by `medallion synapse models` from the contract of dim_market; change it there.
{{ served(ref('dim_market')) }}
