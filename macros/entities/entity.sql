{#- One entity of the registry, by its name. -#}
{% macro entity(name) -%}
    {%- for found in entities() if found.name == name -%}
        {{ return(found) }}
    {%- endfor -%}
    {{ exceptions.raise_compiler_error(
        "There is no entity '" ~ name ~ "'; the entities are " ~ entities() | map(attribute='name') | join(', ')
        ~ " (macros/entities/entity_registry.sql)."
    ) }}
{%- endmacro %}
