{#-
    A rule of `config.meta.expectations` as an SQL boolean that is never NULL. It is true if the
    rule is satisfied, if the rule evaluates to NULL (as with a CHECK constraint), and for rows to
    which the rule does not apply. Every rule applies to a row whose operation is NULL.
-#}
{% macro expectation_condition(rule) -%}
    {%- set exempt = {
        'rows': none,
        'changes': 'coalesce(_operation = 3, false)',
        'states': 'coalesce(_operation in (1, 3), false)',
    } -%}
    {%- set applies_to = rule.get('applies_to', 'rows') -%}
    {%- if applies_to not in exempt -%}
        {{- refuse_expectation(rule, 'applies_to', exempt.keys()) -}}
    {%- elif rule.get('action') not in ('warn', 'quarantine', 'fail') -%}
        {{- refuse_expectation(rule, 'action', ['warn', 'quarantine', 'fail']) -}}
    {%- elif not rule.get('expression') -%}
        {{- refuse_expectation(rule, 'expression', ['an SQL condition']) -}}
    {%- endif -%}
    {%- set holds = 'coalesce((' ~ (rule.expression | trim) ~ '), true)' -%}
    {{- '(' ~ exempt[applies_to] ~ ' or ' ~ holds ~ ')' if exempt[applies_to] else holds -}}
{%- endmacro %}
