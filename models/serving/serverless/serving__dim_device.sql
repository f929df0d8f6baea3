-- Made by `medallion synapse models` from the contract of dim_device; change it there.
{{ served(ref('dim_device')) }}
