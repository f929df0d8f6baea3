{#-
    Injective: each value is preceded by its length, so NULL, '' and shifted values give different
    keys.
-#}
{% macro surrogate_key(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- set text = 'cast(' ~ column ~ ' as string)' -%}
        {%- do parts.append(
            "coalesce(concat(cast(length(" ~ text ~ ") as string), ':', " ~ text ~ "), '-')"
        ) -%}
    {%- endfor -%}
    md5(concat({{ parts | join(", '|', ") }}))
{%- endmacro %}
