{#-
    Returns to `medallion slim` the answers to each of the `queries`: the texts of its only column. The
    texts are JSON, because dbt reads other texts as numbers and dates where it can.
-#}
{% macro answers_to(queries) %}
    {%- set found = [] -%}
    {%- for query in queries -%}
        {%- do found.append(run_query(query).columns[0].values() | list) -%}
    {%- endfor -%}
    {%- do log('medallion answers ' ~ tojson(found)) -%}
{% endmacro %}
