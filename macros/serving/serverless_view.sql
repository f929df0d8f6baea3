{#-
    A view of the serverless SQL pool, in one statement: `CREATE OR ALTER VIEW`. dbt-synapse's own view renames and
    drops, which serverless refuses (RENAME OBJECT), and readers would meet a moment without the view.
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
