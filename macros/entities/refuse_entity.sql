{#- Raise an error that names the entity and the field if a field is missing or has an unknown value. -#}
{% macro refuse_entity(entity, names) -%}
    {%- set where = "The entity '" ~ entity.name ~ "' of macros/entities/entity_registry.sql " -%}
    {%- set histories = ['versions', 'latest', 'events', 'lists'] -%}
    {%- if not modules.re.fullmatch('[a-z][a-z0-9_]*', entity.name or '') or entity.name in names -%}
        {{ exceptions.raise_compiler_error(where ~ "needs a unique name in snake_case.") }}
    {%- elif entity.history not in histories -%}
        {{ exceptions.raise_compiler_error(
            where ~ "has the history '" ~ entity.history ~ "': write " ~ histories | join(' or ') ~ "."
        ) }}
    {%- endif -%}
    {%- set required = ['bronze', 'staged', 'published', 'key', 'list' if entity.history == 'lists' else 'source_table'] -%}
    {%- if entity.history in ('versions', 'lists') -%}
        {%- do required.append('tracked') -%}
    {%- elif entity.history == 'events' -%}
        {%- do required.append('quarantine') -%}
    {%- endif -%}
    {%- for field in required if not entity[field] -%}
        {{ exceptions.raise_compiler_error(where ~ "has no " ~ field ~ ".") }}
    {%- endfor -%}
    {%- if entity.key is string or entity.tracked is string -%}
        {{ exceptions.raise_compiler_error(where ~ "has text in key or tracked; write a list of columns.") }}
    {%- elif entity.source_table and not modules.re.fullmatch(
        '(\\[([^\\]]|\\]\\])+\\]|[^.\\[\\]]+)[.](\\[([^\\]]|\\]\\])+\\]|[^\\[\\]]+)', entity.source_table
    ) -%}
        {{ exceptions.raise_compiler_error(
            where ~ "has the source_table '" ~ entity.source_table ~ "': write schema.table."
        ) }}
    {%- endif -%}
{%- endmacro %}
