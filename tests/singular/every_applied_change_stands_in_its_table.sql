-- Every change that is applied according to the log is a row of its dimension or fact, and every
-- row has such a change. Every quarantined change is a row of its quarantine. A difference means
-- that a build lost or duplicated rows: `dbt run --full-refresh` rebuilds them from bronze.
{% set tables = entities(['versions', 'events']) -%}
{% set logged = entities(['versions', 'latest', 'events']) -%}

with

expected as (

    select * from {{ ref('reconciliation') }}

),

counted as (

    {% for entity in tables -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        count(*) as standing,
        cast(null as bigint) as held
    from {{ ref(entity.published) }}
    {% if entity.history == 'versions' -%}
    where {{ entity.name }}_key != {{ unknown_key() }}
    {% endif -%}
    union all
    {% endfor -%}
    {% if not logged -%}
    {{ no_rows({'source_table': 'string', 'standing': 'bigint', 'held': 'bigint'}) }}
    {% endif -%}
    {% for entity in logged -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        cast(null as bigint) as standing,
        count(*) as held
    from {{ ref(entity.quarantine) }}
    where bronze_model = {{ sql_text(entity.bronze) }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

actual as (

    select
        source_table,
        max(standing) as standing,
        max(held) as held
    from counted
    group by source_table

)

select
    expected.source_table,
    expected.applied,
    actual.standing,
    expected.quarantined,
    actual.held
from expected
inner join actual on expected.source_table = actual.source_table
where expected.applied != actual.standing or expected.quarantined != actual.held
