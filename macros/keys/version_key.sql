{#- Microseconds, not text: a timestamp's text depends on the session's time zone. -#}
{% macro version_key(natural_key, valid_from='valid_from') -%}
    {{ surrogate_key([natural_key, 'unix_micros(' ~ valid_from ~ ')']) }}
{%- endmacro %}
