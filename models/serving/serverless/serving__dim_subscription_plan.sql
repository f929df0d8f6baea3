-- Made by `medallion synapse models` from the contract of dim_subscription_plan; change it there.
{{ served(ref('dim_subscription_plan')) }}
