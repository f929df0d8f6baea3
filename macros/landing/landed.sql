{#-
    `stream read_files(...)` over the folder in which a source table lands. Path, format and columns
    come from the source's YAML, so they are written once and the docs show the lineage. A file that
    was overwritten is read again (docs/decisions.md).
-#}
{% macro landed(source_name, table_name) -%}
    {%- do source(source_name, table_name) -%}
    {%- if execute -%}
        {%- set node = graph.sources.values()
            | selectattr('source_name', 'equalto', source_name)
            | selectattr('name', 'equalto', table_name) | first -%}
        {%- set columns = [] -%}
        {%- for column in node.columns.values() -%}
            {%- set name = adapter.quote(column.name) if column.quote else column.name -%}
            {%- do columns.append(name ~ ' ' ~ column.data_type) -%}
        {%- endfor -%}
        stream read_files(
            'abfss://{{ node.meta.container or "bronze" }}@{{ var("storage_account") }}.dfs.core.windows.net/{{ node.meta.folder }}',
            format => '{{ node.meta.format }}',
            {%- if node.meta.format == 'csv' %}
            header => true,
            multiLine => true,
            escape => '"',
            mode => 'FAILFAST',
            {%- elif node.meta.format == 'json' %}
            mode => 'FAILFAST',
            {%- endif %}
            allowOverwrites => true,
            schema => '{{ columns | join(", ") }}'
        )
    {%- endif -%}
{%- endmacro %}
