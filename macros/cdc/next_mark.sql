{#-
    The time with which rows are stamped when they are loaded or merged, and from which other models
    continue to read. It is the current time, but always later than the newest mark in this model's
    own `column`, and later than every mark that a table which reads this model stores in a column
    whose name ends in `read_as`. A clock that is set back, or the clock of another cluster,
    therefore hides no row. The readers are checked too, because this model's row with the newest
    mark may be gone: a deleted row, an erased user, a dropped table. The result is a literal,
    because a streaming table cannot read itself.
-#}
{% macro next_mark(column, read_as) -%}
    {%- set newest = [] -%}
    {%- if execute and this.database is defined -%}{#- a unit test has no relation -#}
        {%- set own = adapter.get_relation(this.database, this.schema, this.identifier) -%}
        {%- if own is not none -%}
            {%- do newest.append('select max(' ~ column ~ ') as mark from ' ~ own) -%}
        {%- endif -%}
        {%- for node in tables_that_read(model.unique_id) -%}
            {%- set reader = adapter.get_relation(node.database, node.schema, node.alias) -%}
            {%- for kept in node.columns if kept.endswith(read_as) and reader is not none -%}
                {%- do newest.append('select max(' ~ kept ~ ') as mark from ' ~ reader) -%}
            {%- endfor -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if newest -%}
        {%- set mark = run_query(
            'select unix_micros(max(mark)) from (' ~ newest | join(' union all ') ~ ') as marks'
        ).rows[0][0] -%}
    {%- endif -%}
    {%- if mark is defined and mark is not none -%}
        greatest(current_timestamp(), timestamp_micros({{ mark + 1 }}))
    {%- else -%}
        current_timestamp()
    {%- endif -%}
{%- endmacro %}
