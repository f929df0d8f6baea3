{#- Injective: each value carries its length, so that NULL, '' and shifted values differ. -#}
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
