{#-
    Writes the Parquet files that the dedicated pool loads: the slices of each table that differ
    from the last export. Run `dbt run-operation export_gold` after a build, one at a time. A folder
    is never written twice. The data are written first, then the manifest that names them, then the
    record for the next export, so an interrupted export is repeated.
-#}
{% macro export_gold(everything=false) -%}
    {%- set noted = exported_slices() -%}
    {%- set export_id = next_export_id(noted) -%}
    {%- set changed = run_query(changed_slices(noted, everything)) -%}
    {%- set by_table = {} -%}
    {%- for row in changed.rows -%}
        {%- do by_table.setdefault(row[0], []).append({'slice': row[1], 'rows': row[2], 'mark': row[3]}) -%}
    {%- endfor -%}
    {%- for node in exported_nodes() if node.name in by_table -%}
        {%- set slices = by_table[node.name] | rejectattr('rows', 'equalto', 0) | map(attribute='slice') | list -%}
        {%- if slices -%}
            {%- do run_query(export_statement(node, export_id, slices)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- if by_table -%}
        {%- do run_query(manifest_statement(by_table, export_id)) -%}
        {%- do run_query(note_statement(noted, by_table, export_id)) -%}
    {%- endif -%}
    {{ log(
        'export ' ~ export_id ~ ': ' ~ (changed.rows | length) ~ ' slices of ' ~ (by_table | length)
        ~ ' tables' if by_table else 'nothing changed since the last export',
        info=true
    ) }}
{%- endmacro %}
