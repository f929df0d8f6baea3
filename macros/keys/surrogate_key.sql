{#- A hash of columns of any type; different values have different texts (`injective_text`). -#}
{% macro surrogate_key(columns) -%}
    md5({{ injective_text(columns) }})
{%- endmacro %}
