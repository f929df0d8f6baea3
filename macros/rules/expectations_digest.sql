{#- What tells whether a streaming table was made with these expectations; `none` without any. -#}
{% macro expectations_digest() -%}
    {%- set clauses = expectation_clauses() -%}
    {%- do return(local_md5(clauses | join(', ')) if clauses else 'none') -%}
{%- endmacro %}
