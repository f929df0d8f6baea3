{#- Columns as one text. Each value carries its length, so that NULL, '' and shifted values differ. -#}
{% macro injective_text(columns) -%}
    {%- set parts = [] -%}
    {%- for column in columns -%}
        {%- set text = 'cast(' ~ column ~ ' as string)' -%}
        {%- do parts.append(
            "coalesce(concat(cast(length(" ~ text ~ ") as string), ':', " ~ text ~ "), '-')"
        ) -%}
    {%- endfor -%}
    concat({{ parts | join(", '|', ") }})
{%- endmacro %}
