{#-
    The names of the rules with the action `quarantine` that a row breaks, comma-separated, else NULL. They stand
    on a bronze model, and are asked where its columns still have their names.
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
