{#-
    A relation without rows and with these columns: what a model reads when the registry has no
    entity of its histories, as in a new project.
-#}
{% macro no_rows(columns) -%}
    select
        {% for name, type in columns.items() -%}
        cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {% endfor -%}
    where false
{%- endmacro %}
