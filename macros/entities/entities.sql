{#-
    The entities of the registry whose `history` is one of `histories`, by default all. Three fields are added:
    `landed_as` is the source table without brackets, as in folders, receipts and watermarks; `reported_as` is its
    name in the reconciliation, without SQL Server's default schema `dbo`; `quarantine` is `quarantined_members` unless the
    entity names another model.
-#}
{% macro entities(histories=none) -%}
    {%- set found = [] -%}
    {%- for entity in entity_registry() -%}
        {%- do refuse_entity(entity, found | map(attribute='name') | list) -%}
        {%- set shared = dict(entity, quarantine=entity.quarantine or 'quarantined_members') -%}
        {%- if entity.history == 'lists' -%}
            {%- do found.append(dict(shared, landed_as=entity.list, reported_as=entity.list)) -%}
        {%- else -%}
            {%- set bare = modules.re.sub('\\[((?:[^\\]]|\\]\\])+)\\]', '\\1', entity.source_table) | replace(']]', ']') -%}
            {%- set reported = bare[4:] if bare.startswith('dbo.') else bare -%}
            {%- do found.append(dict(shared, landed_as=bare, reported_as=reported)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set wanted = [] -%}
    {%- for entity in found if histories is none or entity.history in histories -%}
        {%- do wanted.append(entity) -%}
    {%- endfor -%}
    {{ return(wanted) }}
{%- endmacro %}
