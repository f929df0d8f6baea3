{% macro end_of_time() -%}
    timestamp '9999-12-31 00:00:00'
{%- endmacro %}
