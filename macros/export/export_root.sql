{#-
    The root folder of exports: as abfss for Databricks, as https for the pool. A target that
    prefixes its schemas has its own root.
-#}
{% macro export_root() -%}
    {%- set host = var('storage_account') ~ '.dfs.core.windows.net' -%}
    {%- set root = 'https://' ~ host ~ '/export' if target.type == 'synapse' else 'abfss://export@' ~ host -%}
    {{ return(root if is_shared_target(target.name) else root ~ '/' ~ target.schema) }}
{%- endmacro %}
