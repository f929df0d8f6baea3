{#-
    The day of a time or date as an integer, yyyymmdd. By arithmetic, because `date_format` makes a
    text of every row.
-#}
{% macro date_key(column) -%}
    cast(year({{ column }}) * 10000 + month({{ column }}) * 100 + day({{ column }}) as int)
{%- endmacro %}
