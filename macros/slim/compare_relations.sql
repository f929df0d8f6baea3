{#-
    Returns to `medallion slim` the row count and the columns of each pair's relations, `null` for a
    missing relation.
-#}
{% macro compare_relations(pairs) %}
    {%- set found = [] -%}
    {%- for pair in pairs -%}
        {%- do found.append({
            'unique_id': pair.unique_id,
            'built': described_relation(pair.built),
            'production': described_relation(pair.production),
        }) -%}
    {%- endfor -%}
    {%- do log('medallion answers ' ~ tojson(found)) -%}
{% endmacro %}
