-- One row per version of a market. Some hundred rows from the snapshot, written whole.
with

versions as (

    {{ snapshot_versions(ref('snap_markets'), 'country') | indent(4) }}

)

select
    -- keys
    {{ version_key('country') }} as market_key,
    country,

    -- attributes
    iso_code,
    region,
    currency,

    -- validity
    valid_from,
    valid_to,
    valid_to = {{ end_of_time() }} as is_current
from versions

union all

select
    {{ unknown_key() }} as market_key,
    'Unknown' as country,
    'Unknown' as iso_code,
    'Unknown' as region,
    'Unknown' as currency,
    {{ beginning_of_time() }} as valid_from,
    {{ end_of_time() }} as valid_to,
    true as is_current
