-- Made by `medallion synapse models` from the contract of mart_top_tracks_weekly; change it there.
{{ served(ref('mart_top_tracks_weekly')) }}
