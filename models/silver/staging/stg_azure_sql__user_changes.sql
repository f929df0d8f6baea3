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

-- Rows of a first load may share LSN and sequence value, so the identity of a change includes the
-- key. A row that cannot be placed in the log has no identity, and each delivery of it has its own
-- row.
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
    _landed_row,
    _quarantine_reasons
from numbered
where delivery = 1 or _change_sequence is null
