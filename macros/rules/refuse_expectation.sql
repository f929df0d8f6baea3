{#- Stop with the sentence that a rule's part is none of those known; it names the model, the rule and the mend. -#}
{% macro refuse_expectation(rule, part, known) -%}
    {%- do exceptions.raise_compiler_error(
        "Rule '" ~ rule.get('name') ~ "' of " ~ model.name ~ " has the " ~ part ~ " '" ~ rule.get(part)
        ~ "': write " ~ known | join(' or ') ~ " in its config.meta.expectations."
    ) -%}
{%- endmacro %}
