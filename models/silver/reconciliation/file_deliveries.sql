-- One row per delivery of a landed file to bronze. A file that was overwritten was delivered again,
-- possibly by another run.
{% set tables = entities(['versions', 'latest', 'events']) -%}

with

landed as (

    {% for table in tables -%}
    select
        {{ sql_text(table.landed_as) }} as source_table,
        concat_ws('|', _start_lsn, _seqval, _operation) as change,
        _start_lsn,
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
    {% endfor %}
),

delivered as (

    select
        -- keys
        source_table,
        _file as file,
        _run_id as run_id,

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
        _loaded_at
    from landed
    group by source_table, _file, _run_id, _loaded_at

)

select
    -- keys
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
    _loaded_at
from delivered
