{#-
    dbt-databricks 1.12.7's macro, with one difference: if the table was created with other
    expectations than the model has, its definition is updated. This also refreshes the table and
    rebuilds nothing.
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
