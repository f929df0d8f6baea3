-- One row per delivery of a landed file to bronze. A file that was overwritten was delivered again,
-- possibly by another run. Each build counts and fingerprints every row of bronze. It computes the
-- other columns, and above all the checksum, only for deliveries whose fingerprint is new.
{{
    config(
        materialized='incremental',
        incremental_strategy='cdc_merge',
        unique_key='delivery_key',
        on_schema_change='fail',
    )
}}

{% set tables = entities(['versions', 'latest', 'events']) -%}
{% set delivery = ['source_table', '_file', '_run_id', '_loaded_at'] -%}
{% set columns = [
    'delivery_key',
    'source_table',
    'file',
    'run_id',
    'first_lsn',
    'last_lsn',
    'first_commit_at',
    'last_commit_at',
    'holds_inserts_only',
    'ingested_at',
    'delivered_rows',
    'delivered_changes',
    'delivered_checksum',
    '_fingerprint',
    '_loaded_at',
] -%}

{% set key = surrogate_key(
    ['source_table', '_file', '_run_id', 'unix_micros(_loaded_at)']
) -%}
{#- The remainder keeps the sum of all rows within a bigint. -#}
{% set fingerprint = 'sum(xxhash64(_start_lsn, _seqval, _operation) % 1000000007)' -%}

with

landed as (

    {% for table in tables -%}
    select
        {{ sql_text(table.landed_as) }} as source_table,
        concat_ws('|', _start_lsn, _seqval, _operation) as change,
        _start_lsn,
        _seqval,
        _operation,
        _commit_time,
        _ingested_at,
        _run_id,
        _file,
        _loaded_at
    from {{ ref(table.bronze) }}
    {% if not loop.last %}
    union all

    {% endif -%}
    {% else -%}
    {{ no_rows({
        'source_table': 'string',
        'change': 'string',
        '_start_lsn': 'string',
        '_seqval': 'string',
        '_operation': 'int',
        '_commit_time': 'timestamp',
        '_ingested_at': 'timestamp',
        '_run_id': 'string',
        '_file': 'string',
        '_loaded_at': 'timestamp',
    }) }}
    {% endfor %}
),

{% if is_incremental() -%}
counted as (

    select
        {{ delivery | join(', ') }},
        count(*) as delivered_rows,
        {{ fingerprint }} as _fingerprint
    from landed
    group by {{ delivery | join(', ') }}

),

-- Microseconds instead of a time, because its text depends on the time zone of the session.
found as (

    select
        *,
        {{ key | indent(8) }} as delivery_key
    from counted

),

new_deliveries as (

    select found.*
    from found
    left anti join {{ this }} as known
        on
            found.delivery_key = known.delivery_key
            and found.delivered_rows = known.delivered_rows
            and found._fingerprint = known._fingerprint

),

rows_of_new_deliveries as (

    select landed.*
    from new_deliveries
    inner join landed
        on
            new_deliveries.source_table = landed.source_table
            and new_deliveries._loaded_at = landed._loaded_at
            and new_deliveries._file <=> landed._file
            and new_deliveries._run_id <=> landed._run_id

),

{% endif -%}
summed as (

    select
        {{ delivery | join(', ') }},

        -- attributes
        min(_start_lsn) as first_lsn,
        max(_start_lsn) as last_lsn,
        min(_commit_time) as first_commit_at,
        max(_commit_time) as last_commit_at,
        min(_operation) = 2 and max(_operation) = 2 as holds_inserts_only,
        min(_ingested_at) as ingested_at,

        -- measures
        count(*) as delivered_rows,
        count(distinct change) as delivered_changes,
        {{ change_checksum('change') }} as delivered_checksum,

        -- control
        {{ fingerprint }} as _fingerprint
    -- All rows are new to a first build. Joining them would need their memory once more.
    from {{ 'rows_of_new_deliveries' if is_incremental() else 'landed' }}
    group by {{ delivery | join(', ') }}

),

delivered as (

    select
        *,
        {{ key | indent(8) }} as delivery_key,
        _file as file,
        _run_id as run_id
    from summed

),

written as (

    select
        {{ columns | join(', ') }},
        false as _is_deleted
    from delivered
    {% if is_incremental() -%}
    -- deliveries that bronze no longer has
    union all
    select
        {% for column in columns -%}
        known.{{ column }},
        {% endfor -%}
        true as _is_deleted
    from {{ this }} as known
    left anti join found on known.delivery_key = found.delivery_key
    {%- endif %}

)

select
    -- keys
    delivery_key,
    source_table,
    file,
    run_id,

    -- attributes
    first_lsn,
    last_lsn,
    first_commit_at,
    last_commit_at,
    holds_inserts_only,
    ingested_at,

    -- measures
    delivered_rows,
    delivered_changes,
    delivered_checksum,

    -- control
    _fingerprint,
    _loaded_at,
    _is_deleted
from written
