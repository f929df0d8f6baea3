{#- The columns of this model's contract, in their order, without `_is_deleted`; in a unit test, of the tested model. -#}
{% macro own_columns() -%}
    {%- set tested = model.tested_node_unique_id -%}
    {%- set node = graph.nodes[tested] if tested and execute else model -%}
    {%- if execute and not node.columns -%}
        {{ exceptions.raise_compiler_error(
            "The model " ~ node.name ~ " lists no columns: write its contract's columns in its YAML."
        ) }}
    {%- endif -%}
    {{ return(node.columns.keys() | reject('equalto', '_is_deleted') | list) }}
{%- endmacro %}
