{#-
    The days of the vars `rebuild_from` and `rebuild_to`, as `first` and `last`; no row without
    these vars.
-#}
{% macro rebuild_range() -%}
    {%- set first, last = var('rebuild_from'), var('rebuild_to') -%}
    {%- if first is none and last is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- if first is none or last is none -%}
        {{ exceptions.raise_compiler_error(
            "The vars rebuild_from and rebuild_to name a range together: give both, or neither."
        ) }}
    {%- endif -%}
    {%- for name, day in {'rebuild_from': first | string, 'rebuild_to': last | string}.items()
        if not is_date(day) -%}
        {{ exceptions.raise_compiler_error(
            "The var " ~ name ~ " is '" ~ day ~ "', which is not a valid date: use YYYY-MM-DD."
        ) }}
    {%- endfor -%}
    {%- if first | string > last | string -%}
        {{ exceptions.raise_compiler_error(
            "The var rebuild_from is " ~ first ~ ", after rebuild_to, which is " ~ last ~ ": swap them."
        ) }}
    {%- endif -%}
    {{ return({'first': first | string, 'last': last | string}) }}
{%- endmacro %}
