{#- Loads take for granted that later exports have higher numbers; a clock that went back would hide this one. -#}
{% macro refuse_older_export(noted, export_id) -%}
    {%- set last = run_query('select max(export_id) from ' ~ noted).rows[0][0] -%}
    {%- if last and last | int >= export_id -%}
        {{ exceptions.raise_compiler_error(
            'export ' ~ export_id ~ ' is not later than the last one, ' ~ last ~ ': set the clock right.'
        ) }}
    {%- endif -%}
{%- endmacro %}
