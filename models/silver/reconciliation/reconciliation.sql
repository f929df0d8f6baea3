-- One row per source table: the outcomes of every landed row. The outcomes of a dimension's changes
-- are counted from the log, and tests compare them with the dimension itself.
{% set sources = [
    {'table': 'DimUser', 'bronze': 'azure_sql__dim_user', 'key': 'user_id'},
    {'table': 'DimArtist', 'bronze': 'azure_sql__dim_artist', 'key': 'artist_id'},
    {'table': 'DimTrack', 'bronze': 'azure_sql__dim_track', 'key': 'track_id'},
    {'table': 'DimDate', 'bronze': 'azure_sql__dim_date', 'key': 'date_key'},
    {'table': 'FactStream', 'bronze': 'azure_sql__fact_stream', 'key': 'stream_id'},
] -%}
{% set dimensions = ['user', 'artist', 'track'] -%}

with

{% for entity in dimensions -%}
{{ entity }}_changes as (

    select * from {{ ref('stg_azure_sql__' ~ entity ~ '_changes') }}

),

good_{{ entity }}_changes as (

    select *
    from {{ entity }}_changes
    where _quarantine_reasons is null

),

{{ entity }}_keys as (

    select distinct {{ entity }}_id
    from good_{{ entity }}_changes

),

{{ entity }}_states as (

    {{ scd2_states(
        'good_' ~ entity ~ '_changes', entity ~ '_id', tracked_columns(entity), entity ~ '_keys'
    ) | indent(4) }}

),

{% endfor -%}
date_changes as (

    select
        *,
        row_number() over (partition by date_key order by _change_sequence desc) as recency,
        bool_or(not _is_deleted and _quarantine_reasons is null) over (
            partition by date_key
        ) as has_stood
    from {{ ref('stg_azure_sql__date_changes') }}

),

play_deliveries as (

    select * from {{ ref('stg_azure_sql__play_deliveries') }}

),

-- Each change once, by hashing. The log of plays is long: sorting it by change, as staging does for
-- the other tables, costs more than everything else in this model.
play_changes as (

    select
        stream_id,
        _change_sequence,
        bool_or(_is_deleted) as _is_deleted,
        max(_quarantine_reasons) as _quarantine_reasons
    from play_deliveries
    where _change_sequence is not null
    group by stream_id, _change_sequence

),

ranked_plays as (

    select
        *,
        row_number() over (partition by stream_id order by _change_sequence desc) as recency,
        bool_or(not _is_deleted and _quarantine_reasons is null) over (
            partition by stream_id
        ) as has_stood
    from play_changes

),

landed as (

    -- A row that cannot be placed in the log has no identity, so it cannot be a repeated delivery.
    {% for table in sources -%}
    {% set placed_rule = expectation('change_can_be_placed', table.bronze) -%}
    select
        '{{ table.table }}' as source_table,
        count(*) as landed,
        count_if(_operation = 3) as before_images,
        count_if(_operation != 3 and {{ expectation_condition(placed_rule) }}) - count(
            distinct case
                when _operation != 3 and {{ expectation_condition(placed_rule) }}
                    then concat_ws('|', {{ table.key }}, _start_lsn, _seqval, _operation)
            end
        ) as redelivered
    from {{ ref(table.bronze) }}
    {% if not loop.last %}
    union all

    {% endif -%}
    {% endfor %}
),

outcomes as (

    {% for entity in dimensions -%}
    select
        'Dim{{ entity | capitalize }}' as source_table,
        outcome
    from {{ entity }}_states
    union all
    select
        'Dim{{ entity | capitalize }}' as source_table,
        'quarantined' as outcome
    from {{ entity }}_changes
    where _quarantine_reasons is not null
    union all

    {% endfor -%}
    select
        'DimDate' as source_table,
        case
            when _quarantine_reasons is not null then 'quarantined'
            when recency > 1 then 'superseded'
            when _is_deleted and has_stood then 'closed'
            when _is_deleted then 'collapsed'
            else 'opened'
        end as outcome
    from date_changes
    union all

    select
        'FactStream' as source_table,
        case
            when stream_id is null then 'quarantined'
            when recency > 1 then 'superseded'
            when _is_deleted and has_stood then 'closed'
            when _is_deleted then 'collapsed'
            when _quarantine_reasons is not null then 'quarantined'
            else 'opened'
        end as outcome
    from ranked_plays
    union all
    select
        'FactStream' as source_table,
        'quarantined' as outcome
    from play_deliveries
    where _change_sequence is null

),

counted as (

    select
        source_table,
        count_if(outcome = 'opened') as applied,
        count_if(outcome = 'closed') as deleted,
        count_if(outcome = 'collapsed') as collapsed,
        count_if(outcome = 'superseded') as superseded,
        count_if(outcome = 'quarantined') as quarantined
    from outcomes
    group by source_table

)

select
    landed.source_table,
    landed.landed,
    landed.before_images,
    landed.redelivered,
    coalesce(counted.applied, 0) as applied,
    coalesce(counted.deleted, 0) as deleted,
    coalesce(counted.collapsed, 0) as collapsed,
    coalesce(counted.superseded, 0) as superseded,
    coalesce(counted.quarantined, 0) as quarantined
from landed
left outer join counted on landed.source_table = counted.source_table
