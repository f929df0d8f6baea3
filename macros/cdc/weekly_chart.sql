{#-
    The first items of each touched week's chart. The week's last play of an item decides under which
    versions, and so under which names, it is charted.
-#}
{% macro weekly_chart(plays, item) -%}
    with

    counted as (

        select
            plays.week_start,
            plays.{{ item }},
            count(*) as streams,
            count(distinct plays.user_id) as listeners,
            max(plays._loaded_through) as _loaded_through,
            max(plays._merged_at) as _merged_through,
            max_by(plays.track_key, struct(plays.streamed_at, plays.stream_id)) as track_key,
            max_by(plays.artist_key, struct(plays.streamed_at, plays.stream_id)) as artist_key
        from touched
        inner join {{ plays }} as plays on touched.week_start = plays.week_start
        group by plays.week_start, plays.{{ item }}

    ),

    ranked as (

        select
            *,
            row_number() over (
                partition by week_start order by streams desc, listeners desc, {{ item }} asc
            ) as `rank`,
            max(_loaded_through) over (partition by week_start) as week_loaded_through,
            max(_merged_through) over (partition by week_start) as week_merged_through
        from counted

    )

    select *
    from ranked
    where `rank` <= {{ var('chart_length') }}
{%- endmacro %}
