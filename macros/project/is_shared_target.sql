{#-
    Whether a target's schemas are those that everybody reads, which Synapse serves. A target that is not listed here is
    a developer's or a pull request's: its schemas have a prefix, and its tables are managed. dbt renders dbt_project.yml
    before it knows macros, so `location_root` there repeats the list; tests/python/test_entities.py compares them.
-#}
{% macro is_shared_target(name) -%}
    {{ return(name in ['local', 'prod', 'synapse', 'synapse_dedicated']) }}
{%- endmacro %}
