{#-
    A digest that shows whether a streaming table was created with these expectations; `none` if
    there are none.
-#}
{% macro expectations_digest() -%}
    {%- set clauses = expectation_clauses() -%}
    {%- do return(local_md5(clauses | join(', ')) if clauses else 'none') -%}
{%- endmacro %}
