{#-
    The names of the `quarantine` rules that a row violates, comma-separated, otherwise NULL. The
    rules belong to a bronze model and are evaluated where its columns still have their names.
-#}
{% macro quarantine_reasons(of) -%}
    {%- set broken = ['cast(null as string)'] -%}
    {%- for rule in expectations(of) if rule.action == 'quarantine' -%}
        {%- do broken.append(
            "case when not " ~ expectation_condition(rule) ~ " then '" ~ rule.name ~ "' end"
        ) -%}
    {%- endfor -%}
    nullif(concat_ws(', ', {{ broken | join(', ') }}), '')
{%- endmacro %}
