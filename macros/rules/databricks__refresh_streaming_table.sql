{#-
    dbt-databricks 1.12.7's, but when the table was made with other expectations than the model has: then its
    definition is brought up to date, which refreshes it as well and rebuilds nothing.
-#}
{% macro databricks__refresh_streaming_table(relation, sql) -%}
  {%- set known = namespace(digest='none') -%}
  {%- for row in fetch_tbl_properties(relation).rows if row[0] == 'medallion.expectations' -%}
    {%- set known.digest = row[1] -%}
  {%- endfor -%}
  {%- if known.digest == expectations_digest() -%}
  refresh streaming table {{ relation.render() }}
  {%- else -%}
  CREATE OR REFRESH STREAMING TABLE {{ relation.render() }}
    {{ streaming_table_definition(relation, sql) }}
  {%- endif -%}
{% endmacro %}
