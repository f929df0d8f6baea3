{% macro unknown_key() -%}
    '-1'
{%- endmacro %}
