-- One row per change of an account. Images before an update are dropped, and each change occurs
-- once, however often it was delivered.
with

landed as (

    select * from {{ ref('azure_sql__dim_user') }}

),

renamed as (

    select
        -- keys
        user_id,

        -- attributes
        user_name,
        country,
        subscription_type,
        start_date,
        end_date,
        updated_at,

        -- control
        {{ cdc_columns('azure_sql__dim_user') }}
    from landed
    where not _operation <=> 3

),

first_deliveries as (

    {{ each_change_once('renamed', 'user_id') | indent(4) }}

)

select
    -- keys
    user_id,

    -- attributes
    user_name,
    country,
    subscription_type,
    start_date,
    end_date,
    updated_at,

    -- control
    _is_deleted,
    _change_sequence,
    _changed_at,
    _run_id,
    _file,
    _loaded_at,
    _landed_row,
    _quarantine_reasons
from first_deliveries
