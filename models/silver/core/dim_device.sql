-- One row per device type of any play, past or present.
with

deliveries as (

    select * from {{ ref('stg_azure_sql__play_deliveries') }}

),

devices as (

    select distinct device_type
    from deliveries
    where device_type is not null

)

select
    {{ device_key('device_type') }} as device_key,
    device_type
from devices

union all

select
    {{ unknown_key() }} as device_key,
    'Unknown' as device_type
