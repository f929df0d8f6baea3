{#- Loads require that later exports have higher ids, even if the clock was set back. -#}
{% macro next_export_id(noted) -%}
    {%- set last = run_query('select max(export_id) from ' ~ noted).rows[0][0] or 0 -%}
    {{ return([run_started_at.strftime('%Y%m%d%H%M%S%f')[:17] | int, last | int + 1] | max) }}
{%- endmacro %}
