{#-
    Days whose plays changed since this mart last ran: the days of fact rows merged since then, and
    every day on which a play with a newly landed change ever was, because a deleted, moved or
    quarantined play leaves no row on its old day. Changes that are quarantined, and deletes, are
    not considered: they never put a play on a day, and their own day may be arbitrary. The days
    that an operator requests (`rebuild_range`) are added.
-#}
{% macro affected_days(plays, changes) -%}
    {%- set requested = rebuild_range() -%}
    select cast({{ plays }}.streamed_at as date) as date_day
    from {{ plays }}
    where {{ loaded_since(plays ~ '._merged_at', '_merged_through') }}

    {% if is_incremental() -%}
    union distinct

    select cast(changes.streamed_at as date) as date_day
    from (
        select distinct stream_id
        from {{ changes }}
        where {{ loaded_since('_loaded_at', '_loaded_through') }}
    ) as newly_landed
    inner join {{ changes }} as changes on newly_landed.stream_id = changes.stream_id
    where changes._quarantine_reasons is null and not changes._is_deleted <=> true
    {%- if requested %}

    union distinct

    select explode(
        sequence(date '{{ requested.first }}', date '{{ requested.last }}', interval 1 day)
    ) as date_day
    {%- endif %}
    {%- else -%}
    group by cast({{ plays }}.streamed_at as date)
    {%- endif %}
{%- endmacro %}
