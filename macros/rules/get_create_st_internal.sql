{#-
    dbt-databricks 1.12.7's macro, with the columns and the expectations, because CREATE OR REFRESH
    removes everything that it does not list. It is called when another part of the configuration
    changed; the schedule and the row filter follow as ALTER statements.
-#}
{% macro get_create_st_internal(relation, configuration_changes, sql) %}
  CREATE OR REFRESH STREAMING TABLE {{ relation.render() }}
    {{ streaming_table_definition(relation, sql, altered_afterwards=true) }}
{% endmacro %}
