{#-
    The models that the dedicated pool serves (`served_by`). For a versioned model it is the latest
    version.
-#}
{% macro exported_nodes() -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values() | sort(attribute='name') if node.resource_type == 'model' -%}
        {%- set is_superseded = node.version and node.version != node.latest_version -%}
        {%- if 'dedicated' in served_by(node.fqn[1], node.name) and not is_superseded -%}
            {%- do found.append(node) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}
