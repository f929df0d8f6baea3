{#- Where exports lie: for Databricks as abfss, for the pool as https. A target that prefixes its schemas has its own. -#}
{% macro export_root() -%}
    {%- set host = var('storage_account') ~ '.dfs.core.windows.net' -%}
    {%- set root = 'https://' ~ host ~ '/export' if target.type == 'synapse' else 'abfss://export@' ~ host -%}
    {{ return(root if is_shared_target(target.name) else root ~ '/' ~ target.schema) }}
{%- endmacro %}
