-- Every change that is applied according to the log is a row of its dimension or fact, and every
-- row has such a change. Every quarantined change is a row of its quarantine. A difference means
-- that a build lost or duplicated rows: `dbt run --full-refresh` rebuilds them from bronze.
{% set tables = entities(['versions', 'events']) -%}

with

expected as (

    select
        source_table,
        'applied' as outcome,
        applied as changes
    from {{ ref('reconciliation') }}
    union all
    select
        source_table,
        'quarantined' as outcome,
        quarantined as changes
    from {{ ref('reconciliation') }}

),

actual as (

    {% for entity in tables -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        'applied' as outcome,
        count(*) as standing
    from {{ ref(entity.published) }}
    {% if entity.history == 'versions' -%}
    where {{ entity.name }}_key != {{ unknown_key() }}
    {% endif -%}
    union all
    {% endfor -%}
    {% for entity in entities(['versions', 'latest', 'events']) -%}
    {% set held = 'quarantined_plays' if entity.history == 'events' else 'quarantined_members' -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        'quarantined' as outcome,
        count(*) as standing
    from {{ ref(held) }}
    where bronze_model = {{ sql_text(entity.bronze) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select
    expected.source_table,
    expected.outcome,
    expected.changes,
    actual.standing
from expected
inner join actual
    on
        expected.source_table = actual.source_table
        and expected.outcome = actual.outcome
where expected.changes != actual.standing
