{#-
    The rows that break a rule now: of the model itself, whose rule it is, or, for a rule `of` a bronze model,
    those that are in quarantine for it. A rule with the action `fail` is tested with `severity: error`.
-#}
{% test expectation(model, rule, of=none) %}

{{ config(severity='warn') }}
{%- set asked = expectation(rule, of or model.identifier) %}

select *
from {{ model }}
{% if of -%}
where
    bronze_model = '{{ of }}'
    and array_contains(split(_quarantine_reasons, ', '), '{{ asked.name }}')
{%- else -%}
where not {{ expectation_condition(asked) }}
{%- endif %}

{% endtest %}
