{#-
    Microseconds instead of text, because the text of a timestamp depends on the time zone of the
    session.
-#}
{% macro version_key(natural_key, valid_from='valid_from') -%}
    {{ surrogate_key([natural_key, 'unix_micros(' ~ valid_from ~ ')']) }}
{%- endmacro %}
