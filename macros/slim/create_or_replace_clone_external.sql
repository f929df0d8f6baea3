{#-
    Overrides dbt-databricks: the clones of a target with prefixed schemas are managed, so that
    dropping them leaves no files behind. Unity Catalog makes a managed clone of an external table
    only as a deep clone.
-#}
{% macro create_or_replace_clone_external(this_relation, defer_relation) %}
    create or replace
    table {{ this_relation.render() }}
    deep clone {{ defer_relation.render() }}
{% endmacro %}
