{#-
    The row count and the columns (name and type) of the relation at [database, schema, identifier];
    none if it is missing.
-#}
{% macro described_relation(place) %}
    {%- set relation = adapter.get_relation(*place) if place else none -%}
    {%- if relation is none -%}
        {{ return(none) }}
    {%- endif -%}
    {%- set columns = [] -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do columns.append([column.name, column.dtype]) -%}
    {%- endfor -%}
    {%- set counted = run_query('select count(*) from ' ~ relation) -%}
    {{ return({'rows': counted.columns[0].values()[0] | int, 'columns': columns}) }}
{% endmacro %}
