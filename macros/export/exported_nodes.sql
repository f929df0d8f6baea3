{#-
    The models that the dedicated pool serves: the marts, the dimensions, and the facts that are
    exported by slices. For a versioned model it is the latest version.
-#}
{% macro exported_nodes() -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='name') if node.resource_type == 'model' -%}
        {%- set is_mart = node.fqn[1] == 'gold' and node.name.startswith('mart_') -%}
        {%- set is_dimension = node.fqn[1:3] == ['silver', 'core'] and node.name.startswith('dim_') -%}
        {%- set is_superseded = node.version and node.version != node.latest_version -%}
        {%- if (is_mart or is_dimension or node.name in var('pool_slices')) and not is_superseded -%}
            {%- do found.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
