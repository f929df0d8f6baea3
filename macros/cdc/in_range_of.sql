{#-
    True if a column is between the smallest and the largest `key` of a relation. Beside a join with
    the relation it changes no row: it lets the engine skip files and pages by their statistics.
-#}
{% macro in_range_of(column, relation, key) -%}
    {{ column }} between (select min({{ key }}) from {{ relation }}) and (select max({{ key }}) from {{ relation }})
{%- endmacro %}
