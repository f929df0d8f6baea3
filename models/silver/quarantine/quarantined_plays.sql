-- One row per play whose last change violates a rule: the complete unchanged row, and every reason.
-- A later change that corrects the play removes the row again. A row without an id, or without a
-- position in the log, is not the last change of any play and stays.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='quarantine_key',
        on_schema_change='fail',
    )
}}

{% set columns = [
    'stream_id',
    'user_id',
    'track_id',
    'source_date_key',
    'device_type',
    'streamed_at',
    'listen_duration_sec',
    '_change_sequence',
    '_changed_at',
    '_run_id',
    '_file',
    '_first_seen_at',
    '_quarantine_reasons',
] -%}

with

deliveries as (

    select
        *,
        _loaded_at as _first_seen_at
    from {{ ref('stg_azure_sql__play_deliveries') }}

),

arrived as (

    select *
    from deliveries
    where {{ loaded_since('_loaded_at', '_loaded_through') }}

),

placed as (

    select *
    from deliveries
    where _change_sequence is not null

),

-- Only plays that violate a rule now, or did before, are ranked. They are few, while the log is
-- long.
suspects as (

    select stream_id
    from arrived
    where
        stream_id is not null
        and _change_sequence is not null
        and _quarantine_reasons is not null
    group by stream_id
    {% if is_incremental() -%}
    union distinct
    select arrived.stream_id
    from {{ this }} as existing
    inner join arrived on existing.stream_id = arrived.stream_id
    where arrived._change_sequence is not null
    {%- endif %}

),

-- A row without an id belongs to no play, so each such change is ranked alone.
changes_without_id as (

    select _change_sequence
    from arrived
    where stream_id is null and _change_sequence is not null
    group by _change_sequence

),

-- The smaller side of each join comes first, because Sail builds its hash table from that side.
-- Databricks chooses the side itself.
candidates as (

    select
        placed.*,
        cast(null as string) as change_alone
    from suspects
    inner join placed on suspects.stream_id = placed.stream_id
    {% if is_incremental() -%}
    where {{ in_range_of('placed.stream_id', 'suspects', 'stream_id') }}
    {% endif -%}
    union all
    select
        placed.*,
        placed._change_sequence as change_alone
    from changes_without_id
    inner join placed on changes_without_id._change_sequence = placed._change_sequence
    where placed.stream_id is null

),

-- The last change of each play, in the first delivery of that change.
ranked as (

    select
        *,
        row_number() over (
            partition by stream_id, change_alone
            order by _change_sequence desc, _loaded_at asc, _file asc
        ) as recency
    from candidates

),

-- Deliveries without a position may be equal in all columns, and each of them is listed.
without_position as (

    select
        *,
        to_json(_landed_row) as landed_row,
        row_number() over (
            partition by _loaded_at, _file, to_json(_landed_row) order by stream_id
        ) as copy_number
    from arrived
    where _change_sequence is null

),

judged as (

    select
        {{ columns | join(', ') }},
        to_json(_landed_row) as landed_row,
        case
            when change_alone is null
                then {{ surrogate_key(["'play'", 'stream_id']) | indent(16) }}
            else {{ surrogate_key(["'change'", 'change_alone']) | indent(12) }}
        end as quarantine_key
    from ranked
    where recency = 1
    union all
    select
        {{ columns | join(', ') }},
        landed_row,
        {{ surrogate_key([
            "'delivery'", 'unix_micros(_loaded_at)', '_file', 'landed_row', 'copy_number'
        ]) | indent(8) }} as quarantine_key
    from without_position

),

written as (

    select
        *,
        _quarantine_reasons is null as _is_deleted,
        1 as preference
    from judged
    {% if is_incremental() -%}
    -- One row of the table, so that the high-water mark moves even if no arrival is quarantined.
    union all
    select
        {% for column in columns + ['landed_row', 'quarantine_key'] -%}
        existing.{{ column }},
        {% endfor -%}
        false as _is_deleted,
        2 as preference
    from (select min(quarantine_key) as quarantine_key from {{ this }}) as one_row
    inner join {{ this }} as existing on one_row.quarantine_key = existing.quarantine_key
    {%- endif %}

),

preferred as (

    select
        *,
        row_number() over (partition by quarantine_key order by preference) as place
    from written

),

newest as (

    select max(_loaded_at) as _loaded_through
    from arrived

)

select
    -- keys
    preferred.quarantine_key,
    preferred.stream_id,
    preferred.user_id,
    preferred.track_id,

    -- attributes
    preferred.source_date_key,
    preferred.device_type,
    preferred.streamed_at,

    -- measures
    preferred.listen_duration_sec,

    -- control
    preferred._change_sequence,
    preferred._changed_at,
    preferred._run_id,
    preferred._file,
    preferred._first_seen_at,
    'azure_sql__fact_stream' as bronze_model,
    preferred.landed_row,
    preferred._quarantine_reasons,
    newest._loaded_through,
    preferred._is_deleted
from newest
cross join preferred
where
    newest._loaded_through is not null
    and preferred.place = 1
    {% if not is_incremental() -%}
    and not preferred._is_deleted
    {%- endif %}
