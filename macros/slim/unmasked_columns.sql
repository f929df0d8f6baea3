{#-
    Returns to `medallion slim` those `columns` ([database, schema, identifier, column]) in which this
    identity reads a value that is not the `mask`. Only text is masked: other columns are skipped.
-#}
{% macro unmasked_columns(columns, mask) %}
    {%- set readable = [] -%}
    {%- for database, schema, identifier, name in columns -%}
        {%- set relation = adapter.get_relation(database, schema, identifier) -%}
        {%- set types = {} -%}
        {%- for column in adapter.get_columns_in_relation(relation) if relation -%}
            {%- do types.update({column.name: column.dtype}) -%}
        {%- endfor -%}
        {%- if types.get(name) == 'string' -%}
            {%- set found = run_query(
                "select 1 from " ~ relation ~ " where " ~ adapter.quote(name) ~ " != '" ~ mask ~ "' limit 1"
            ) -%}
            {%- if found | length > 0 -%}
                {%- do readable.append([schema, identifier, name] | join('.')) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do log('medallion answers ' ~ tojson(readable)) -%}
{% endmacro %}
