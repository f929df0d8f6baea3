{#-
    What a serving model selects: the Delta folder of the one model that it refs, with the columns,
    types and lengths of that model's contract. A pass-through projection, so that nothing in it depends on T-SQL's
    semantics. The data source is named for the container that the model's location names.
-#}
{% macro served(relation) -%}
    {%- if execute -%}
    {%- set node = graph.nodes[model.depends_on.nodes | first] -%}
    {%- set container, folder = served_location(node) -%}
    {%- set columns = served_columns(node) -%}
select
    {%- for column in columns %}
    [{{ column.name }}]{{ ',' if not loop.last }}
    {%- endfor %}
from openrowset(
    bulk '{{ folder }}',
    data_source = '{{ container }}',
    format = 'DELTA'
) with (
    {%- for column in columns %}
    [{{ column.name }}] {{ served_type(column) }}{{ ',' if not loop.last }}
    {%- endfor %}
) as [rows]
    {%- endif -%}
{%- endmacro %}
