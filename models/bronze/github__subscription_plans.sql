-- Every landed version of subscription_plans.csv, append-only: one row per line of each landed
-- file.
select
    plan,
    monthly_price,
    currency,
    max_devices,
    _metadata.file_name as _file,
    _metadata.file_modification_time as _ingested_at,
    {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('github', 'subscription_plans') }}
