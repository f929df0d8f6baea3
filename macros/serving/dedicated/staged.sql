{#-
    The query of a pool model: the stage table's rows, for each slice those of its newest export. A
    table that is exported by slices keeps the slice and the export id: an increment replaces
    slices, and the export id shows which exports are loaded.
-#}
{% macro staged(relation, exports) -%}
    {%- if execute -%}
    {%- set node = graph.nodes[model.depends_on.nodes | first] -%}
select
    {%- for column in pool_columns(node) %}
    staged.[{{ column.name }}]{{ ',' if not loop.last or node.name in var('pool_slices') }}
    {%- endfor %}
    {%- if node.name in var('pool_slices') %}
    staged.[_slice],
    staged.[_export_id]
    {%- endif %}
from {{ staged_table(node) }} as staged
inner join {{ exports }} as latest
    on
        latest.table_name = '{{ node.name }}'
        and staged.[_slice] = latest.slice
        and staged.[_export_id] = latest.export_id
    {%- endif -%}
{%- endmacro %}
