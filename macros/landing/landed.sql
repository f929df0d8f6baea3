{#-
    `stream read_files(...)` over the folder where a source table lands. Path, format and columns come
    from the source's YAML, so that they are written once, and the docs show the lineage.
-#}
{% macro landed(source_name, table_name) -%}
    {%- do source(source_name, table_name) -%}
    {%- if execute -%}
        {%- set node = graph.sources.values()
            | selectattr('source_name', 'equalto', source_name)
            | selectattr('name', 'equalto', table_name) | first -%}
        {%- set columns = [] -%}
        {%- for column in node.columns.values() -%}
            {%- do columns.append(column.name ~ ' ' ~ column.data_type) -%}
        {%- endfor -%}
        stream read_files(
            'abfss://bronze@{{ var("storage_account") }}.dfs.core.windows.net/{{ node.meta.folder }}',
            format => '{{ node.meta.format }}',
            {%- if node.meta.format == 'csv' %}
            header => true,
            {%- endif %}
            schema => '{{ columns | join(", ") }}'
        )
    {%- endif -%}
{%- endmacro %}
