{#-
    The names of the model's expectations with the action `quarantine` that a row breaks, comma-separated,
    else NULL. An expectation that evaluates to NULL holds, as a CHECK constraint does.
-#}
{% macro quarantine_reasons() -%}
    {%- set broken = [] -%}
    {%- for rule in model.config.get('meta', {}).get('expectations', []) if rule.action == 'quarantine' -%}
        {%- do broken.append("case when not (" ~ rule.expression ~ ") then '" ~ rule.name ~ "' end") -%}
    {%- endfor -%}
    nullif(concat_ws(', ', {{ broken | join(', ') }}), '')
{%- endmacro %}
