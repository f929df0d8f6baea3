{#- The condition that a key is NULL, or NULL in part. -#}
{% macro key_is_missing(key, of=none) -%}
    {%- set columns = key_columns(key, of).split(', ') -%}
    {%- set condition = columns | join(' is null or ') ~ ' is null' -%}
    {{ return('(' ~ condition ~ ')' if columns | length > 1 else condition) }}
{%- endmacro %}
