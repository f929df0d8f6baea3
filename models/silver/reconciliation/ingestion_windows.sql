-- One row per source table and landed window of its change log, as the last run that landed it
-- reports it. First load, increments and empty windows form a chain; backfills and late rows are
-- outside it.
{% set window_key -%}
source_table, is_chained, mode_aside, from_lsn, to_lsn, from_date, to_date
{%- endset -%}

with

receipts as (

    select
        *,
        mode in ('initial', 'increment', 'empty') as is_chained,
        case when mode not in ('initial', 'increment', 'empty') then mode end as mode_aside,
        row_number() over (partition by _file order by _loaded_at desc) as recency
    from {{ ref('control__receipts') }}
    -- Newer receipts belong to a run that may still be running, and bronze may not have its files
    -- yet.
    where cast(ended_at as timestamp) < timestamp '{{ run_started_at.strftime("%F %T") }}+00:00'

),

deliveries as (

    select * from {{ ref('file_deliveries') }}

),

-- If a run was interrupted before the watermark moved, another run repeats it with the same window
-- and file.
repeated as (

    select
        *,
        row_number() over (partition by {{ window_key }} order by ended_at desc) as repeat_recency,
        count(*) over (partition by {{ window_key }}) as receipts,
        min(concat_ws('|', rows_written, checksum)) over (partition by {{ window_key }})
        != max(concat_ws('|', rows_written, checksum)) over (partition by {{ window_key }})
            as repeats_differ,
        row_number() over (partition by source_table, file order by ended_at desc) as file_recency
    from receipts
    where recency = 1

),

chained as (

    select
        *,
        case
            when is_chained
                then max(to_lsn) over (
                    partition by source_table, is_chained
                    order by from_lsn, to_lsn
                    rows between unbounded preceding and 1 preceding
                )
        end as previous_to_lsn
    from repeated
    where repeat_recency = 1

),

numbered as (

    select
        *,
        {{ lsn_number('from_lsn') }} as from_number,
        {{ lsn_number('previous_to_lsn') }} + 1 as next_number,
        -- A first load begins the chain, or begins it again.
        mode = 'initial' or previous_to_lsn is null as is_beginning
    from chained

),

-- The file's delivery by the receipt's own run, otherwise its last delivery.
matched as (

    select
        numbered.*,
        deliveries.first_lsn,
        deliveries.last_lsn,
        deliveries.first_commit_at,
        deliveries.last_commit_at,
        deliveries.holds_inserts_only,
        deliveries.delivered_rows,
        deliveries.delivered_changes,
        deliveries.delivered_checksum,
        row_number() over (
            partition by numbered._file
            order by
                case when deliveries.run_id = numbered.run_id then 1 else 2 end,
                deliveries._loaded_at desc
        ) as match_place
    from numbered
    left outer join deliveries
        on
            numbered.source_table = deliveries.source_table
            and numbered.file = deliveries.file
            and numbered.file_recency = 1

)

select
    -- keys
    source_table,
    mode,
    from_lsn,
    to_lsn,
    cast(from_date as date) as from_date,
    cast(to_date as date) as to_date,

    -- attributes of the chain
    is_chained,
    previous_to_lsn,
    case when is_chained then not is_beginning and from_number > next_number end as has_gap,
    case when is_chained then not is_beginning and from_number < next_number end as has_overlap,
    case when is_chained then repeats_differ end as repeats_differ,

    -- attributes of the file
    file,
    file is not null and file_recency > 1 as is_file_overwritten,
    first_lsn,
    last_lsn,
    first_commit_at,
    last_commit_at,
    holds_inserts_only,

    -- measures
    receipts,
    rows_read,
    rows_written,
    delivered_rows,
    delivered_changes,
    checksum,
    delivered_checksum,
    bytes as file_bytes,

    -- control
    run_id,
    cast(started_at as timestamp) as started_at,
    cast(ended_at as timestamp) as ended_at,
    _loaded_at
from matched
where match_place = 1
