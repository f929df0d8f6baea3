{#-
    Returns to `medallion slim` those of the `places` ([database, schema, identifier]) at which there is
    no relation.
-#}
{% macro missing_relations(places) %}
    {%- set missing = [] -%}
    {%- for place in places if adapter.get_relation(*place) is none -%}
        {%- do missing.append(place | join('.')) -%}
    {%- endfor -%}
    {%- do log('medallion answers ' ~ tojson(missing)) -%}
{% endmacro %}
