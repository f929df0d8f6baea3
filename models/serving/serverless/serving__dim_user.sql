-- Made by `medallion synapse models` from the contract of dim_user; change it there.
{{ served(ref('dim_user')) }}
