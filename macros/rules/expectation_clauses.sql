{#-
    The model's `config.meta.expectations` as a list of CONSTRAINT clauses of a streaming table.
    Bronze loses no row: `warn` and `quarantine` only count here, and staging separates the
    quarantined rows.
-#}
{% macro expectation_clauses() -%}
    {%- set clauses, names = [], [] -%}
    {%- for rule in model.config.get('meta', {}).get('expectations', []) -%}
        {%- if rule.get('name') in names or not modules.re.fullmatch('[a-z_][a-z0-9_]*', rule.get('name') or '') -%}
            {{- refuse_expectation(rule, 'name', ['one in snake_case that no other rule of the model has']) -}}
        {%- endif -%}
        {%- do names.append(rule.name) -%}
        {%- do clauses.append(
            'constraint ' ~ rule.name ~ ' expect (' ~ expectation_condition(rule) ~ ')'
            ~ (' on violation fail update' if rule.action == 'fail' else '')
        ) -%}
    {%- endfor -%}
    {%- do return(clauses) -%}
{%- endmacro %}
