-- Made by `medallion synapse models` from the contract of dim_track; change it there.
{{ served(ref('dim_track')) }}
