-- One row per play that stands: what its last change says, unless that deleted it or broke a rule.
-- A play is resolved again when it changes, and when the history of its user, track or artist does.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='stream_id',
    )
}}

with

changes as (

    select *
    from {{ ref('stg_azure_sql__play_changes') }}
    where stream_id is not null

),

users as (

    {{ versions_at(ref('dim_user'), 'user_id') | indent(4) }}

),

tracks as (

    {{ versions_at(ref('dim_track'), 'track_id') | indent(4) }}

),

artists as (

    {{ versions_at(ref('dim_artist'), 'artist_id') | indent(4) }}

),

touched as (

    select changes.stream_id
    from changes
    where {{ loaded_since('changes._loaded_at', '_loaded_through') }}

    {% if is_incremental() -%}
    {% for dimension in ['user', 'track', 'artist'] -%}
    {% set mark = '_' ~ dimension ~ '_loaded_through' -%}
    union distinct

    select plays.stream_id
    from {{ this }} as plays
    where
        plays.{{ dimension }}_id in (
            select {{ dimension }}s.{{ dimension }}_id
            from {{ dimension }}s
            where {{ loaded_since(dimension ~ 's._loaded_through', mark) }}
        )
    union distinct

    -- A key may lose its last version when its history is rebuilt: it marks no row any more.
    select plays.stream_id
    from {{ this }} as plays
    left anti join {{ dimension }}s
        on plays.{{ dimension }}_key = {{ dimension }}s.{{ dimension }}_key

    {% endfor -%}
    {%- endif %}
),

ranked as (

    select
        changes.*,
        row_number() over (
            partition by changes.stream_id order by changes._change_sequence desc
        ) as recency,
        max(changes._loaded_at) over (partition by changes.stream_id) as _loaded_through
    from changes
    left semi join touched on changes.stream_id = touched.stream_id

),

latest as (

    select *
    from ranked
    where recency = 1

),

resolved as (

    select
        latest.*,
        tracks.artist_id,
        coalesce(users.user_key, {{ unknown_key() }}) as user_key,
        coalesce(tracks.track_key, {{ unknown_key() }}) as track_key,
        users._loaded_through as _user_loaded_through,
        tracks._loaded_through as _track_loaded_through
    from latest
    left outer join users
        on
            latest.user_id = users.user_id
            and latest.streamed_at >= users.matches_from
            and latest.streamed_at < users.valid_to
    left outer join tracks
        on
            latest.track_id = tracks.track_id
            and latest.streamed_at >= tracks.matches_from
            and latest.streamed_at < tracks.valid_to

),

attributed as (

    select
        resolved.*,
        coalesce(artists.artist_key, {{ unknown_key() }}) as artist_key,
        artists._loaded_through as _artist_loaded_through
    from resolved
    left outer join artists
        on
            resolved.artist_id = artists.artist_id
            and resolved.streamed_at >= artists.matches_from
            and resolved.streamed_at < artists.valid_to

),

marked as (

    select
        *,
        _is_deleted or _quarantine_reasons is not null as _is_absent
    from attributed

)

select
    -- keys
    stream_id,
    user_key,
    track_key,
    artist_key,
    {{ device_key('device_type') }} as device_key,
    cast(date_format(streamed_at, 'yyyyMMdd') as int) as date_key,
    user_id,
    track_id,
    artist_id,

    -- attributes
    streamed_at,
    source_date_key,

    -- measures
    listen_duration_sec,

    -- control
    _loaded_through,
    _user_loaded_through,
    _track_loaded_through,
    _artist_loaded_through,
    current_timestamp() as _merged_at,
    _is_absent as _is_deleted
from marked
{% if not is_incremental() -%}
where not _is_absent
{%- endif %}
