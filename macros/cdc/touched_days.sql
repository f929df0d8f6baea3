{#-
    Days whose plays changed since this mart last ran: the days of fact rows merged since, and every day
    that a play with a newly landed change ever stood on, since a deleted or moved play leaves no row there.
-#}
{% macro touched_days(plays, changes) -%}
    select cast({{ plays }}.streamed_at as date) as date_day
    from {{ plays }}
    where {{ loaded_since(plays ~ '._merged_at', '_merged_through') }}

    {% if is_incremental() -%}
    union distinct

    select changes.date_day
    from {{ changes }} as changes
    where
        changes.date_day is not null
        and changes.stream_id in (
            select newly_landed.stream_id
            from {{ changes }} as newly_landed
            where {{ loaded_since('newly_landed._loaded_at', '_loaded_through') }}
        )
    {%- else -%}
    group by cast({{ plays }}.streamed_at as date)
    {%- endif %}
{%- endmacro %}
