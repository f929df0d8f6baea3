-- One row per source table: the outcomes of every landed row. The outcomes of a dimension's changes
-- are counted from the log, and tests compare them with the dimension itself.
{% set versioned = entities(['versions']) -%}
{% set latest = entities(['latest']) -%}
{% set events = entities(['events']) -%}

with

{% for entity in versioned -%}
{{ entity.name }}_changes as (

    select * from {{ ref(entity.staged) }}

),

good_{{ entity.name }}_changes as (

    select *
    from {{ entity.name }}_changes
    where _quarantine_reasons is null

),

{{ entity.name }}_keys as (

    select distinct {{ key_columns(entity.key) }}
    from good_{{ entity.name }}_changes

),

{{ entity.name }}_states as (

    {{ scd2_states(
        'good_' ~ entity.name ~ '_changes', entity.key, entity.tracked, entity.name ~ '_keys'
    ) | indent(4) }}

),

{% endfor -%}
{% for entity in latest -%}
{% set key = key_columns(entity.key) -%}
ranked_{{ entity.name }}_changes as (

    select
        *,
        row_number() over (
            partition by {{ key }}, _quarantine_reasons is null order by _change_sequence desc
        ) as recency,
        bool_or(not _is_deleted and _quarantine_reasons is null) over (
            partition by {{ key }}
        ) as has_stood
    from {{ ref(entity.staged) }}

),

{% endfor -%}
{% for entity in events -%}
{% set key = key_columns(entity.key) -%}
{{ entity.name }}_deliveries as (

    select * from {{ ref(entity.staged) }}

),

-- Each change once, by hashing. A log of events is long: sorting it by change, as staging does for
-- the other tables, costs more than everything else in this model.
{{ entity.name }}_changes as (

    select
        {{ key }},
        _change_sequence,
        bool_or(_is_deleted) as _is_deleted,
        max(_quarantine_reasons) as _quarantine_reasons
    from {{ entity.name }}_deliveries
    where _change_sequence is not null
    group by {{ key }}, _change_sequence

),

ranked_{{ entity.name }}_changes as (

    select
        *,
        row_number() over (partition by {{ key }} order by _change_sequence desc) as recency,
        bool_or(not _is_deleted and _quarantine_reasons is null) over (
            partition by {{ key }}
        ) as has_stood
    from {{ entity.name }}_changes

),

{% endfor -%}
landed as (

    -- A row that cannot be placed in the log has no identity, so it cannot be a repeated delivery.
    {% for entity in versioned + latest + events -%}
    {% set placed_rule = expectation('change_can_be_placed', entity.bronze) -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        count(*) as landed,
        count_if(_operation = 3) as before_images,
        count_if(_operation != 3 and {{ expectation_condition(placed_rule) }}) - count(
            distinct case
                when _operation != 3 and {{ expectation_condition(placed_rule) }}
                    then concat_ws('|', {{ key_text(entity.key) }}, _start_lsn, _seqval, _operation)
            end
        ) as redelivered
    from {{ ref(entity.bronze) }}
    {% if not loop.last %}
    union all

    {% endif -%}
    {% else -%}
    {{ no_rows({
        'source_table': 'string',
        'landed': 'bigint',
        'before_images': 'bigint',
        'redelivered': 'bigint',
    }) }}
    {% endfor %}
),

outcomes as (

    {% if not (versioned + latest + events) -%}
    {{ no_rows({'source_table': 'string', 'outcome': 'string'}) }}
    {% endif -%}
    {% for entity in versioned -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        outcome
    from {{ entity.name }}_states
    union all
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        'quarantined' as outcome
    from {{ entity.name }}_changes
    where _quarantine_reasons is not null
    {% if not loop.last or latest or events -%}
    union all

    {% endif -%}
    {% endfor -%}
    {% for entity in latest -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        case
            when _quarantine_reasons is not null then 'quarantined'
            when recency > 1 then 'superseded'
            when _is_deleted and has_stood then 'closed'
            when _is_deleted then 'collapsed'
            else 'opened'
        end as outcome
    from ranked_{{ entity.name }}_changes
    {% if not loop.last or events -%}
    union all

    {% endif -%}
    {% endfor -%}
    {% for entity in events -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        case
            when {{ key_is_missing(entity.key) }} then 'quarantined'
            when recency > 1 then 'superseded'
            when _is_deleted and has_stood then 'closed'
            when _is_deleted then 'collapsed'
            when _quarantine_reasons is not null then 'quarantined'
            else 'opened'
        end as outcome
    from ranked_{{ entity.name }}_changes
    union all
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        'quarantined' as outcome
    from {{ entity.name }}_deliveries
    where _change_sequence is null
    {% if not loop.last -%}
    union all

    {% endif -%}
    {% endfor %}
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
