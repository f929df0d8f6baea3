-- Every source table that lands has an entity in the registry, and so a bronze model. Otherwise its
-- files wait in the lake and nothing is lost: the column `command` generates the models.
{{ config(severity='warn') }}

{% set query -%}
select distinct
    source_table,
    concat('medallion new table "', source_table, '"') as command
from {{ ref('ingestion_windows') }}
where source_table not in ({{ landed_names() }})
{%- endset %}

{{ query }}
{% if execute and flags.WHICH in ('build', 'test') -%}
    {% for row in run_query(query) -%}
        {%- do exceptions.warn(row[0] ~ ' lands, but has no bronze model: run `' ~ row[1] ~ '`.') -%}
    {%- endfor %}
{%- endif %}
