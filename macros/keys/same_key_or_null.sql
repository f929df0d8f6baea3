{#- The condition that two relations have the same key, where NULL equals NULL. -#}
{% macro same_key_or_null(key, one, other) -%}
    {%- set conditions = [] -%}
    {%- for column in ([key] if key is string else key) -%}
        {%- do conditions.append(one ~ '.' ~ column ~ ' <=> ' ~ other ~ '.' ~ column) -%}
    {%- endfor -%}
    {{ return(conditions | join(' and ')) }}
{%- endmacro %}
