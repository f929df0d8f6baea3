{#-
    The plays of `weeks`, with their `week_start` and the `_merged_through` of the week. The smaller
    side of each join comes first, because Sail builds its hash table from that side. Databricks
    chooses the side itself.
-#}
{% macro plays_of_weeks(plays, days, weeks) -%}
    select
        {{ plays }}.*,
        {{ weeks }}.week_start,
        {{ weeks }}._merged_through
    from {{ weeks }}
    inner join {{ days }}
        on {{ weeks }}.week_start = cast(date_trunc('week', {{ days }}.date_day) as date)
    inner join {{ plays }} on {{ days }}.date_key = {{ plays }}.date_key
{%- endmacro %}
