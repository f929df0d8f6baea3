-- One row per version of a user. The whole history of an affected user is rebuilt from the change
-- log and replaced. Replays, late changes and updates without effect therefore leave the same rows
-- as a full refresh.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='user_key',
        meta={'sequence_by': '_loaded_through'},
    )
}}

{% set user = entity('user') -%}
{% set version_columns = [
    'valid_from',
    'valid_to',
    'is_current',
    '_loaded_through',
    '_opened_at',
] -%}

with

changes as (

    select *
    from {{ ref('stg_azure_sql__user_changes') }}
    where _quarantine_reasons is null

),

affected_users as (

    select distinct user_id
    from changes
    where {{ loaded_since('_loaded_at', '_loaded_through') }}

),

versions as (

    {{ scd2_versions('changes', user.key, user.tracked, 'affected_users') | indent(4) }}

),

rebuilt as (

    select
        version_key as user_key,
        user_id,
        user_name,
        country,
        subscription_type,
        start_date,
        end_date,
        valid_from,
        valid_to,
        is_current,
        _loaded_through,
        _loaded_at as _opened_at
    from versions
    {% if not is_incremental() -%}
    union all
    select
        {{ unknown_key() }} as user_key,
        cast(-1 as bigint) as user_id,
        'Unknown' as user_name,
        'Unknown' as country,
        'Unknown' as subscription_type,
        cast(null as date) as start_date,
        cast(null as date) as end_date,
        {{ beginning_of_time() }} as valid_from,
        {{ end_of_time() }} as valid_to,
        true as is_current,
        {{ beginning_of_time() }} as _loaded_through,
        {{ beginning_of_time() }} as _opened_at
    {%- endif %}

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_users',
        'user_key',
        scope=user.key,
        columns=['user_key'] + user.key + user.tracked + version_columns
    ) | indent(4) }}

)

select
    -- keys
    user_key,
    user_id,

    -- attributes
    user_name,
    country,
    subscription_type,
    start_date,
    end_date,

    -- validity
    valid_from,
    valid_to,
    is_current,

    -- control
    _loaded_through,
    _opened_at,
    _is_deleted
from replaced
