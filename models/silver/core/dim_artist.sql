-- One row per version of an artist. The whole history of an affected artist is rebuilt from the
-- change log and replaced. Replays, late changes and updates without effect therefore leave the
-- same rows as a full refresh.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='artist_key',
        meta={'sequence_by': '_loaded_through'},
    )
}}

{% set artist = entity('artist') -%}
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
    from {{ ref('stg_azure_sql__artist_changes') }}
    where _quarantine_reasons is null

),

affected_artists as (

    select distinct artist_id
    from changes
    where {{ loaded_since('_loaded_at', '_loaded_through') }}

),

versions as (

    {{ scd2_versions('changes', artist.key, artist.tracked, 'affected_artists') | indent(4) }}

),

rebuilt as (

    select
        version_key as artist_key,
        artist_id,
        artist_name,
        genre,
        country,
        valid_from,
        valid_to,
        is_current,
        _loaded_through,
        _loaded_at as _opened_at
    from versions
    {% if not is_incremental() -%}
    union all
    select
        {{ unknown_key() }} as artist_key,
        cast(-1 as bigint) as artist_id,
        'Unknown' as artist_name,
        'Unknown' as genre,
        'Unknown' as country,
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
        'affected_artists',
        'artist_key',
        scope=artist.key,
        columns=['artist_key'] + artist.key + artist.tracked + version_columns
    ) | indent(4) }}

)

select
    -- keys
    artist_key,
    artist_id,

    -- attributes
    artist_name,
    genre,
    country,

    -- validity
    valid_from,
    valid_to,
    is_current,

    -- control
    _loaded_through,
    _opened_at,
    _is_deleted
from replaced
