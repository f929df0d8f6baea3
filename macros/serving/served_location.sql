{#- The container of an external model and the folder in it: `abfss://CONTAINER@…/FOLDER`. -#}
{% macro served_location(node) -%}
    {%- set root = node.config.get('location_root') -%}
    {%- if not root -%}
        {{ exceptions.raise_compiler_error(
            node.name ~ " has no location_root: Synapse reads external tables alone."
        ) }}
    {%- endif -%}
    {%- set container = root.split('://')[1].split('@')[0] -%}
    {%- set parts = root.split('://')[1].split('/')[1:] + [node.alias] -%}
    {{ return((container, parts | join('/'))) }}
{%- endmacro %}
