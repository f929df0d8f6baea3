{#-
    Drops every schema of this project in a target with prefixed schemas, such as that of a pull
    request, with everything in them. Rejects any other target.
-#}
{% macro drop_target_schemas() %}
    {%- set schemas = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type in ('model', 'seed', 'snapshot') -%}
        {%- if node.schema not in schemas -%}
            {%- do schemas.append(node.schema) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for schema in schemas -%}
        {%- if not schema.startswith(target.schema ~ '_') -%}
            {%- do exceptions.raise_compiler_error(
                "The target " ~ target.name ~ " does not prefix its schemas: " ~ schema ~ " is kept."
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for schema in schemas -%}
        {%- do adapter.drop_schema(api.Relation.create(database=target.database, schema=schema)) -%}
    {%- endfor -%}
{% endmacro %}
