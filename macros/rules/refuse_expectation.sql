{#- Stops with an error that names the model, the rule, its invalid part and the fix. -#}
{% macro refuse_expectation(rule, part, known) -%}
    {%- do exceptions.raise_compiler_error(
        "Rule '" ~ rule.get('name') ~ "' of " ~ model.name ~ " has the " ~ part ~ " '" ~ rule.get(part)
        ~ "': write " ~ known | join(' or ') ~ " in its config.meta.expectations."
    ) -%}
{%- endmacro %}
