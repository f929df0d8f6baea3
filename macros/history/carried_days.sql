{#-
    The days, `step` days apart, on which a row of the day `column` stands: until the day before the
    next row's, or, of the last row, until `last_day`. At most 520 weeks past the row, so that one
    commit with an absurd time (the year 1 or 9999) does not make millions of rows.
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
