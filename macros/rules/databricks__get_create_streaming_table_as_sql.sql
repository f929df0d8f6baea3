{#-
    dbt-databricks 1.12.7's macro, with the model's expectations in its list of columns
    (streaming_table_definition).
-#}
{% macro databricks__get_create_streaming_table_as_sql(relation, sql) -%}
  CREATE STREAMING TABLE {{ relation.render() }}
    {{ streaming_table_definition(relation, sql) }}
{% endmacro %}
