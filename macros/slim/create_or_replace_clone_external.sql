{#-
    Overrides dbt-databricks: what a target with prefixed schemas clones is managed, so that dropping it
    leaves no file behind, and Unity Catalog makes a managed clone of an external table only as a deep one.
-#}
{% macro create_or_replace_clone_external(this_relation, defer_relation) %}
    create or replace
    table {{ this_relation.render() }}
    deep clone {{ defer_relation.render() }}
{% endmacro %}
