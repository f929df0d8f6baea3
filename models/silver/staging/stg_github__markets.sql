-- One row per country: the newest landed state of markets.csv, without what is in quarantine.
with

newest as (

    {{ newest_file('github__markets') | indent(4) }}

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
    _ingested_at
from newest
where _quarantine_reasons is null
