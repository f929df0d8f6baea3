{#-
    The exports that contain the newest rows of any slice of a table and that an incremental model
    has not loaded. The model's high-water mark is the newest export among its own rows; it moves in
    the same commit as they do.
-#}
{% macro exports_to_load(node) -%}
    {%- set exported = run_query(
        'select export_id, max(row_count) as row_count from ' ~ ref('exports')
        ~ " where table_name = '" ~ node.name ~ "' group by export_id"
    ).rows -%}
    {%- if not exported -%}
        {{ exceptions.raise_compiler_error(
            node.name ~ ' was never exported: run `dbt run-operation export_gold` on Databricks first.'
        ) }}
    {%- endif -%}
    {%- set loaded = [0] -%}
    {%- if is_incremental() -%}
        {%- do loaded.append(run_query('select coalesce(max(_export_id), 0) as loaded from ' ~ this).rows[0][0] | int) -%}
    {%- endif -%}
    {%- set found = [] -%}
    {%- for row in exported if row[1] > 0 and row[0] | int > loaded | last -%}
        {%- do found.append(row[0] | int) -%}
    {%- endfor -%}
    {{ return(found | sort) }}
{%- endmacro %}
