{#- A key as one text that no other key has, for texts that are compared or counted; a key of one column as it is. -#}
{% macro key_text(key) -%}
    {{ return(key[0] if key | length == 1 else injective_text(key)) }}
{%- endmacro %}
