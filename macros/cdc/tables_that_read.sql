{#- The project's tables that read a model, directly or through views. -#}
{% macro tables_that_read(unique_id) -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and unique_id in node.depends_on.nodes -%}
        {%- if node.config.materialized == 'view' -%}
            {%- do found.extend(tables_that_read(node.unique_id)) -%}
        {%- else -%}
            {%- do found.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
