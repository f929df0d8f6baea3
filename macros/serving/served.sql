{#-
    The query of a serving model: the Delta folder of the one model that it refs, with the columns,
    types and lengths of that model's contract. It is a pass-through projection, so nothing in it
    depends on the semantics of T-SQL. The data source is named after the container of the model's
    location.
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
