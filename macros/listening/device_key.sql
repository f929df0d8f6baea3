{% macro device_key(device_type) -%}
    case
        when {{ device_type }} is null then {{ unknown_key() }}
        else {{ surrogate_key([device_type]) }}
    end
{%- endmacro %}
