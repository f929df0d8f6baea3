{#-
    A view of the serverless SQL pool, in one statement: `CREATE OR ALTER VIEW`. dbt-synapse's own
    view renames and drops. Serverless rejects this (RENAME OBJECT), and for a moment readers would
    find no view.
-#}
{% materialization serverless_view, adapter='synapse' %}
    {%- set target_relation = this.incorporate(type='view') -%}

    {{ run_hooks(pre_hooks) }}

    {% call statement('main') -%}
create or alter view {{ target_relation.include(database=false) }} as
{{ sql }}
    {%- endcall %}

    {{ run_hooks(post_hooks) }}

    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
