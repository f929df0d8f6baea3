-- One row per change of a calendar day. Images before an update are dropped, and each change occurs
-- once, however often it was delivered.
with

landed as (

    select * from {{ ref('azure_sql__dim_date') }}

),

renamed as (

    select
        -- keys
        date_key,

        -- attributes
        `date` as date_day,
        day,
        month,
        year,
        weekday,

        -- control
        {{ cdc_columns('azure_sql__dim_date') }}
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
            partition by date_key, _change_sequence
            order by _loaded_at, _file
        ) as delivery
    from renamed

)

select
    -- keys
    date_key,

    -- attributes
    date_day,
    day,
    month,
    year,
    weekday,

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
