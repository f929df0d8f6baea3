{#-
    A rule of `config.meta.expectations` as an SQL boolean that is never NULL: true where the rule holds, where
    it evaluates to NULL (as with a CHECK constraint), and for rows that it does not apply to. A row whose operation
    is NULL is exempt from nothing.
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
