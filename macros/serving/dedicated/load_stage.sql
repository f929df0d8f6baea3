{#-
    The pre-hook of a pool model: copies the exports of its table since the model's last run into
    its stage table.
-#}
{% macro load_stage() -%}
    {%- if execute -%}
        {%- set node = graph.nodes[model.depends_on.nodes | first] -%}
        {%- set columns = [] -%}
        {%- for column in pool_columns(node) -%}
            {%- do columns.append((column.name, pool_type(column))) -%}
        {%- endfor -%}
        {%- do columns.extend([('_slice', 'int'), ('_export_id', 'bigint')]) -%}
        {%- set folders = [] -%}
        {%- for export_id in exports_to_load(node) -%}
            {%- do folders.append(node.name ~ '/' ~ export_id) -%}
        {%- endfor -%}
        {%- do copy_into_stage(staged_table(node), columns, folders) -%}
    {%- endif -%}
{%- endmacro %}
