{#-
    Whether a text is a valid calendar date, as yyyy-mm-dd. Jinja cannot catch an error of Python.
-#}
{% macro is_date(text) -%}
    {%- if not modules.re.match('^[12][0-9]{3}-(0[1-9]|1[0-2])-[0-9]{2}$', text) -%}
        {{ return(false) }}
    {%- endif -%}
    {%- set year, month, day = text.split('-') | map('int') -%}
    {%- set date = modules.datetime.date(year, month, 1) + modules.datetime.timedelta(days=day - 1) -%}
    {{ return(date.isoformat() == text) }}
{%- endmacro %}
