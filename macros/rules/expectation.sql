{#-
    A rule by its name, from the model that defines it. While dbt parses, a rule that is always
    satisfied.
-#}
{% macro expectation(name, of) -%}
    {%- set rules = expectations(of) -%}
    {%- for rule in rules if rule.name == name -%}
        {%- do return(rule) -%}
    {%- endfor -%}
    {%- if execute -%}
        {%- do exceptions.raise_compiler_error(
            "The model " ~ of ~ " has no rule '" ~ name ~ "': name one of "
            ~ rules | map(attribute='name') | join(', ')
            ~ ", or add it to that model's config.meta.expectations."
        ) -%}
    {%- endif -%}
    {%- do return({'name': name, 'expression': 'true', 'action': 'warn'}) -%}
{%- endmacro %}
