-- Made by `medallion synapse models` from the contract of dim_artist; change it there.
{{ served(ref('dim_artist')) }}
