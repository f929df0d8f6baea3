{#-
    The rows that violate a rule now: rows of the model itself if the rule is its own, or, for a
    rule `of` a bronze model, the rows that are quarantined for it. A rule with the action `fail` is
    tested with `severity: error`.
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
