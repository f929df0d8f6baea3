-- Made by `medallion synapse models` from the contract of mart_top_artists_weekly; change it there.
{{ served(ref('mart_top_artists_weekly')) }}
