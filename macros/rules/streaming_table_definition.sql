{#-
    A streaming table's definition, beginning with its list of columns. It is based on
    dbt-databricks 1.12.7's databricks__get_create_streaming_table_as_sql, which has no
    expectations. The columns are those of a temporary view over the query without STREAM. The
    property allows `databricks__refresh_streaming_table` to detect that the rules changed.
-#}
{% macro streaming_table_definition(relation, sql, altered_afterwards=false) -%}
  {%- set streaming_table = adapter.get_config_from_model(config.model) -%}
  {%- set tblproperties = dict(streaming_table.config["tblproperties"].tblproperties) -%}
  {%- do tblproperties.update({'medallion.expectations': expectations_digest()}) -%}
  {%- set analysis_sql = sql | replace('STREAM ', '') | replace('stream ', '') -%}
  {%- set temp_relation = make_temp_relation(relation) -%}
  {% call statement('create_temp_view') -%}
    {{ create_temporary_view(temp_relation, analysis_sql.rstrip('; \n\t')) }}
  {%- endcall %}
  {%- set columns = adapter.get_columns_in_relation(temp_relation) -%}
  {%- set contract_config = config.get('contract') -%}
  {%- set contract_enforced = contract_config and contract_config.enforced -%}
  {%- set columns_and_constraints = adapter.parse_columns_and_constraints(
      columns, model.get('columns', {}), [], contract_enforced, model.name) -%}
  {%- set items = [] -%}
  {%- for column in columns_and_constraints[0] -%}
    {%- do items.append(column.render_for_create()) -%}
  {%- endfor -%}
    (
      {{ (items + expectation_clauses()) | join(',\n      ') }}
    )
    {% if not altered_afterwards -%}
    {{ get_create_row_filter_clause(relation) }}
    {%- endif %}
    {{ get_create_sql_partition_by(streaming_table.config["partition_by"].partition_by) }}
    {{ liquid_clustered_cols() }}
    {{ get_create_sql_comment(streaming_table.config["comment"].comment) }}
    {{ get_create_sql_tblproperties(tblproperties) }}
    {% if not altered_afterwards -%}
    {{ get_create_sql_refresh_schedule(streaming_table.config["refresh"]) }}
    {%- endif %}
    AS {{ sql }}
{%- endmacro %}
