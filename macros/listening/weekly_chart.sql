{#-
    The first items of the chart of each week of `played`, which has the plays with their
    `week_start` and `_merged_through`. Plays are counted per listener first: `count(distinct)`
    keeps a set, and `max_by` a text, for every item of every week. With these, Sail needed 16 GB
    for 200,000 plays.
-#}
{% macro weekly_chart(played, item) -%}
    select *
    from (
        select
            week_start,
            {{ item }},
            sum(streams) as streams,
            count(*) as listeners,
            max(last_streamed_at) as last_streamed_at,
            max(max(_loaded_through)) over (partition by week_start) as _loaded_through,
            max(max(_merged_through)) over (partition by week_start) as _merged_through,
            row_number() over (
                partition by week_start
                order by sum(streams) desc, count(*) desc, {{ item }} asc
            ) as `rank`
        from (
            select
                week_start,
                {{ item }},
                user_id,
                count(*) as streams,
                max(streamed_at) as last_streamed_at,
                max(_loaded_through) as _loaded_through,
                max(_merged_through) as _merged_through
            from {{ played }}
            group by week_start, {{ item }}, user_id
        ) as plays_per_listener
        group by week_start, {{ item }}
    ) as ranked
    where `rank` <= {{ var('chart_length') }}
{%- endmacro %}
