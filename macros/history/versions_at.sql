{#- Versions for a join on event time: the first version also covers the time before it. -#}
{% macro versions_at(dimension, key) -%}
    select
        *,
        case
            when
                row_number() over (partition by {{ key_columns(key) }} order by valid_from) = 1
                then timestamp '0001-01-01 00:00:00'
            else valid_from
        end as matches_from
    from {{ dimension }}
{%- endmacro %}
