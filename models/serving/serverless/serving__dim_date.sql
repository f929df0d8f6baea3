-- Made by `medallion synapse models` from the contract of dim_date; change it there.
{{ served(ref('dim_date')) }}
