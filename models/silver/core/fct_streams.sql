-- One row per play with the values of its last change, unless that change deleted the play or
-- violates a rule. A play is rebuilt from all its changes when a change lands, and removed from the
-- other days on which a change put it. If the history of its user, track or artist changes, its
-- keys are looked up again, and the play is written only if they differ. The table is partitioned
-- by day, and the day is part of the key, so that a MERGE reads only the days of its batch.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key=['date_key', 'stream_id'],
        partition_by='date_key',
        meta={'sequence_by': '_loaded_through'},
    )
}}

{% set histories = {
    'user': ref('stg_azure_sql__user_changes'),
    'track': ref('stg_azure_sql__track_changes'),
    'artist': ref('stg_azure_sql__artist_changes'),
} -%}

{% set play_columns = [
    'date_key',
    'stream_id',
    'user_id',
    'track_id',
    'device_key',
    'streamed_at',
    'source_date_key',
    'listen_duration_sec',
    '_loaded_through',
    '_is_absent',
    'is_rebuilt',
    'former_user_key',
    'former_track_key',
    'former_artist_key',
    'former_artist_id',
] -%}

with

deliveries as (

    select
        *,
        _quarantine_reasons is null and not _is_deleted as is_state
    from {{ ref('stg_azure_sql__play_deliveries') }}
    -- A change that cannot be placed in the log supersedes nothing.
    where stream_id is not null and _change_sequence is not null

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

-- The plays whose changes are ranked: the affected plays. In a first build, the plays with several
-- deliveries. They are few, and to rank means to sort.
ranked_plays as (

    select stream_id
    from deliveries
    {% if is_incremental() -%}
    where {{ loaded_since('_loaded_at', '_loaded_through') }}
    {% endif -%}
    group by stream_id
    {% if not is_incremental() -%}
    having count(*) > 1
    {%- endif %}

),

-- The last change of a play comes first, in the first delivery of that change. The few affected
-- keys come first in the join, because Sail builds its hash table from that side. Databricks finds
-- the smaller side itself.
ranked as (

    select
        deliveries.*,
        row_number() over (
            partition by deliveries.stream_id
            order by
                deliveries._change_sequence desc,
                deliveries._loaded_at asc,
                deliveries._file asc
        ) as recency,
        max(deliveries._loaded_at) over (partition by deliveries.stream_id) as _loaded_through
    from ranked_plays
    inner join deliveries on ranked_plays.stream_id = deliveries.stream_id
    {% if is_incremental() -%}
    where {{ in_range_of('deliveries.stream_id', 'ranked_plays', 'stream_id') }}
    {%- endif %}

),

{% if is_incremental() -%}
-- All days on which a change put the play. This table may still have the play on an earlier day, so
-- each day except that of the last change becomes a tombstone.
ranked_by_day as (

    select
        *,
        row_number() over (
            partition by stream_id, cast(streamed_at as date) order by recency
        ) as recency_on_day
    from ranked
    where is_state

),

{% endif -%}
{% set delivered_columns = [
    'stream_id',
    'user_id',
    'track_id',
    'device_type',
    'streamed_at',
    'source_date_key',
    'listen_duration_sec',
] -%}
last_deliveries as (

    select
        {{ delivered_columns | join(', ') }},
        _loaded_through,
        recency
    {% if is_incremental() -%}
    from ranked_by_day
    where recency_on_day = 1
    {%- else -%}
    from ranked
    where is_state and recency = 1
    union all
    select
        {% for column in delivered_columns -%}
        deliveries.{{ column }},
        {% endfor -%}
        deliveries._loaded_at as _loaded_through,
        1 as recency
    from deliveries
    left anti join ranked_plays on deliveries.stream_id = ranked_plays.stream_id
    where deliveries.is_state
    {%- endif %}

),

rebuilt as (

    select
        {{ date_key('streamed_at') }} as date_key,
        stream_id,
        user_id,
        track_id,
        {{ device_key('device_type') }} as device_key,
        streamed_at,
        source_date_key,
        listen_duration_sec,
        _loaded_through,
        recency > 1 as _is_absent,
        true as is_rebuilt,
        {% for dimension in histories -%}
        cast(null as string) as former_{{ dimension }}_key,
        {% endfor -%}
        cast(null as bigint) as former_artist_id
    from last_deliveries

),

{% if is_incremental() -%}
-- The log, not the dimension, shows whose history changed: a key that lost its last version no
-- longer has a row in the dimension.
{% for dimension, changes in histories.items() -%}
changed_{{ dimension }}s as (

    select distinct {{ dimension }}_id
    from {{ changes }}
    where {{ loaded_since('_loaded_at', '_' ~ dimension ~ '_loaded_through') }}

),

{% endfor -%}
-- Plays of these members, except the rebuilt plays. Their values in this table are correct; only
-- their keys may differ.
plays_of_changed_members as (

    {% for dimension in histories -%}
    select plays.stream_id
    from changed_{{ dimension }}s
    inner join {{ this }} as plays
        on changed_{{ dimension }}s.{{ dimension }}_id = plays.{{ dimension }}_id
    {% if not loop.last -%}
    union distinct
    {% endif -%}
    {% endfor %}
),

plays_to_look_up as (

    select plays_of_changed_members.stream_id
    from plays_of_changed_members
    left anti join ranked_plays
        on plays_of_changed_members.stream_id = ranked_plays.stream_id

),

published_plays as (

    select
        plays.date_key,
        plays.stream_id,
        plays.user_id,
        plays.track_id,
        plays.device_key,
        plays.streamed_at,
        plays.source_date_key,
        plays.listen_duration_sec,
        plays._loaded_through,
        false as _is_absent,
        false as is_rebuilt,
        {% for dimension in histories -%}
        plays.{{ dimension }}_key as former_{{ dimension }}_key,
        {% endfor -%}
        plays.artist_id as former_artist_id
    from plays_to_look_up
    inner join {{ this }} as plays on plays_to_look_up.stream_id = plays.stream_id

),

{% endif -%}
plays as (

    select {{ play_columns | join(', ') }}
    from rebuilt
    {% if is_incremental() -%}
    union all
    select {{ play_columns | join(', ') }}
    from published_plays
    {%- endif %}

),

resolved as (

    select
        plays.*,
        tracks.artist_id,
        coalesce(users.user_key, {{ unknown_key() }}) as user_key,
        coalesce(tracks.track_key, {{ unknown_key() }}) as track_key,
        users._loaded_through as _user_loaded_through,
        tracks._loaded_through as _track_loaded_through
    from plays
    left outer join users
        on
            plays.user_id = users.user_id
            and plays.streamed_at >= users.matches_from
            and plays.streamed_at < users.valid_to
    left outer join tracks
        on
            plays.track_id = tracks.track_id
            and plays.streamed_at >= tracks.matches_from
            and plays.streamed_at < tracks.valid_to

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

)

select
    -- keys
    stream_id,
    user_key,
    track_key,
    artist_key,
    device_key,
    date_key,
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
    {{ next_mark('_merged_at', read_as='_merged_through') }} as _merged_at,
    _is_absent as _is_deleted
from attributed
{% if is_incremental() -%}
where
    is_rebuilt
    or not artist_id <=> former_artist_id
    -- A version's key identifies the change that opened it. The same key therefore always has the
    -- same attributes, which the marts read through this play.
    {% for dimension in histories -%}
    or {{ dimension }}_key != former_{{ dimension }}_key
    {% endfor -%}
{%- endif %}
