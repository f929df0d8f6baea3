-- Every change that is applied according to the log is a row of its dimension or fact, and every
-- row has such a change. A difference means that a build lost or duplicated rows: `dbt run
-- --full-refresh` rebuilds them from bronze.
{% set tables = entities(['versions', 'events']) -%}

with

expected as (

    select * from {{ ref('reconciliation') }}

),

actual as (

    {% for entity in tables -%}
    select
        {{ sql_text(entity.reported_as) }} as source_table,
        count(*) as standing
    from {{ ref(entity.published) }}
    {% if entity.history == 'versions' -%}
    where {{ entity.name }}_key != {{ unknown_key() }}
    {% endif -%}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select
    expected.source_table,
    expected.applied,
    actual.standing
from expected
inner join actual on expected.source_table = actual.source_table
where expected.applied != actual.standing
