{#- The condition that two relations have the same key. A key that is NULL in part equals none. -#}
{% macro same_key(key, one, other) -%}
    {%- set conditions = [] -%}
    {%- for column in ([key] if key is string else key) -%}
        {%- do conditions.append(one ~ '.' ~ column ~ ' = ' ~ other ~ '.' ~ column) -%}
    {%- endfor -%}
    {{ return(conditions | join(' and ')) }}
{%- endmacro %}
