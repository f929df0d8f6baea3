-- One row per change of an account: before-images dropped, and each change once,
-- however often it was delivered.
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
        {{ cdc_columns() }}
    from landed
    where _operation != 3

),

-- Rows of a first load may share LSN and sequence value: a change's identity includes the key.
numbered as (

    select
        *,
        row_number() over (
            partition by user_id, _change_sequence
            order by _loaded_at, _file
        ) as delivery
    from renamed

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
    {{ quarantine_reasons() }} as _quarantine_reasons
from numbered
where delivery = 1
