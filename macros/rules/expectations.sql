{#-
    The rules of a model, in their order. While dbt parses there are none, because the graph does
    not exist yet.
-#}
{% macro expectations(of) -%}
    {%- set found = [] -%}
    {%- if execute -%}
        {%- for node in graph.get('nodes', {}).values() if node.resource_type == 'model' and node.name == of -%}
            {%- do found.extend(node.config.get('meta', {}).get('expectations', [])) -%}
        {%- endfor -%}
        {%- if not found -%}
            {%- do exceptions.raise_compiler_error(
                "The model " ~ of ~ " has no rules: write them in its config.meta.expectations."
            ) -%}
        {%- endif -%}
    {%- endif -%}
    {%- do return(found) -%}
{%- endmacro %}
