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

first_deliveries as (

    {{ each_change_once('renamed', 'date_key') | indent(4) }}

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
from first_deliveries
