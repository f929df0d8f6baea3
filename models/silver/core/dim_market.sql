-- One row per version of a market, from every list that landed. The table is small and is written
-- completely: a list that lands late takes its place in time.
{% set market = entity('market') -%}

with

lines as (

    select * from {{ ref('stg_github__market_lines') }}

),

versions as (

    {{ listed_versions('lines', market.key, market.tracked) | indent(4) }}

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
