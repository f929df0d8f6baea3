{#-
    Versions for a join on event time: the first version also covers the time before it. No two
    versions of a key begin at the same time. Grouping finds the first version faster than a window
    over all versions.
-#}
{% macro versions_at(dimension, key) -%}
    {%- set key = [key] if key is string else key -%}
    select
        versions.*,
        case
            when versions.valid_from = first_versions.first_valid_from
                then timestamp '0001-01-01 00:00:00'
            else versions.valid_from
        end as matches_from
    from (
        select {{ key_columns(key) }}, min(valid_from) as first_valid_from
        from {{ dimension }}
        group by {{ key_columns(key) }}
    ) as first_versions
    inner join {{ dimension }} as versions on {{ same_key(key, 'first_versions', 'versions') }}
{%- endmacro %}
