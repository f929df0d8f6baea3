-- One row per version of a track. The whole history of an affected track is rebuilt from the change
-- log and replaced. Replays, late changes and updates without effect therefore leave the same rows
-- as a full refresh.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='track_key',
        meta={'sequence_by': '_loaded_through'},
    )
}}

{% set track = entity('track') -%}
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
    from {{ ref('stg_azure_sql__track_changes') }}
    where _quarantine_reasons is null

),

affected_tracks as (

    select distinct track_id
    from changes
    where {{ loaded_since('_loaded_at', '_loaded_through') }}

),

versions as (

    {{ scd2_versions('changes', track.key, track.tracked, 'affected_tracks') | indent(4) }}

),

rebuilt as (

    select
        version_key as track_key,
        track_id,
        track_name,
        artist_id,
        album_name,
        duration_sec,
        release_date,
        valid_from,
        valid_to,
        is_current,
        _loaded_through,
        _loaded_at as _opened_at
    from versions
    {% if not is_incremental() -%}
    union all
    select
        {{ unknown_key() }} as track_key,
        cast(-1 as bigint) as track_id,
        'Unknown' as track_name,
        cast(-1 as bigint) as artist_id,
        'Unknown' as album_name,
        cast(null as int) as duration_sec,
        cast(null as date) as release_date,
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
        'affected_tracks',
        'track_key',
        scope=track.key,
        columns=['track_key'] + track.key + track.tracked + version_columns
    ) | indent(4) }}

)

select
    -- keys
    track_key,
    track_id,

    -- attributes
    track_name,
    artist_id,
    album_name,
    duration_sec,
    release_date,

    -- validity
    valid_from,
    valid_to,
    is_current,

    -- control
    _loaded_through,
    _opened_at,
    _is_deleted
from replaced
