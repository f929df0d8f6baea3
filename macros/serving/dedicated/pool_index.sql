{#-
    Sets the index of a pool model, which dbt-synapse reads from `config.index`. Nothing is set on
    Databricks: dbt 1.11 does not know this key there and would report it as deprecated in every
    command.
-#}
{% macro pool_index(index) -%}
    {%- if target.type == 'synapse' -%}
        {{ config(index=index) }}
    {%- endif -%}
{%- endmacro %}
