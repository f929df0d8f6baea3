{#-
    Gives a pool model its index, which dbt-synapse reads from `config.index`. On Databricks nothing is set: dbt 1.11
    knows no such key there, and would call it deprecated at every command.
-#}
{% macro pool_index(index) -%}
    {%- if target.type == 'synapse' -%}
        {{ config(index=index) }}
    {%- endif -%}
{%- endmacro %}
