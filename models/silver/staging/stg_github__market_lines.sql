-- One row per line of each landed version of markets.csv, checked against the rules.
{% set market = entity('market') -%}

with

lines as (

    {{ listed_lines(market.bronze, market.key, market.tracked) | indent(4) }}

)

select
    -- keys
    country,

    -- attributes
    iso_code,
    region,
    currency,

    -- control
    _file,
    _ingested_at,
    _loaded_at,
    _landed_row,
    _quarantine_reasons,
    _is_counted
from lines
