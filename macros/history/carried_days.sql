{#-
    The days, `step` days apart, for which a row of the day `column` is repeated: until the day
    before the next row, or until `last_day` for the last row. At most 520 weeks after the row's own
    day, so that one commit with an absurd time (the year 1 or 9999) does not create millions of
    rows.
-#}
{% macro carried_days(column, next_column, last_day, step=1) -%}
sequence(
    {{ column }},
    greatest(
        least(
            coalesce(date_add({{ next_column }}, -{{ step }}), {{ last_day }}),
            date_add({{ column }}, 520 * 7)
        ),
        {{ column }}
    ),
    interval {{ step }} day
)
{%- endmacro %}
