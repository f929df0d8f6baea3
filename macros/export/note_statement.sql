{#- Records for the next export which slices this export wrote. -#}
{% macro note_statement(noted, by_table, export_id) -%}
    insert into {{ noted }} values
    {%- for name, slices in by_table.items() %}{% set last_table = loop.last %}
    {%- for one in slices %}
        ({{ export_id }}, '{{ name }}', {{ one.slice }}, {{ one.rows }}, '{{ one.mark }}')
        {{- ',' if not (loop.last and last_table) }}
    {%- endfor %}
    {%- endfor %}
{%- endmacro %}
