{#-
    The days of `play_days` that changed since this mart last ran, with their `_merged_at`. The days
    that an operator requests (`rebuild_range`) are added, also days without plays. Join plays by
    `date_key`: only then does the engine skip the files of other days.
-#}
{% macro affected_days(days) -%}
    {%- set requested = rebuild_range() -%}
    select
        date_key,
        date_day,
        _merged_at
    from {{ days }}
    where {{ loaded_since('_merged_at', '_merged_through') }}
    {%- if is_incremental() and requested %}

    union distinct

    select
        {{ date_key('requested.date_day') }} as date_key,
        requested.date_day,
        {{ days }}._merged_at
    from (
        select explode(
            sequence(date '{{ requested.first }}', date '{{ requested.last }}', interval 1 day)
        ) as date_day
    ) as requested
    left outer join {{ days }} on requested.date_day = {{ days }}.date_day
    {%- endif %}
{%- endmacro %}
