{#-
    The versions of a reference file's keys, from every list that landed. A key is present from a
    list that contains it to the next list that does not. While it is present, a version begins with
    each list whose line differs from the previous line. A quarantined line only shows that the key
    is present, so the valid version continues.
-#}
{% macro listed_versions(lines, key, tracked) -%}
    with

    lists as (

        select
            _ingested_at as landed_at,
            row_number() over (order by _ingested_at) as list_number,
            coalesce(
                lead(_ingested_at) over (order by _ingested_at), {{ end_of_time() }}
            ) as next_landed_at
        from {{ lines }}
        where _is_counted
        group by _ingested_at

    ),

    -- Valid lines of a key in one list are equal, so it does not matter which of them comes first.
    numbered as (

        select
            lines.*,
            lists.list_number,
            lists.next_landed_at,
            {{ surrogate_key(tracked) }} as state,
            row_number() over (
                partition by {{ key_columns(key, 'lines') }}, lists.list_number
                order by case when lines._quarantine_reasons is null then 0 else 1 end
            ) as preference
        from lists
        inner join {{ lines }} as lines on lists.landed_at = lines._ingested_at
        where lines._is_counted and not {{ key_is_missing(key, 'lines') }}

    ),

    listed as (

        select
            *,
            case
                when
                    list_number - 1
                    = lag(list_number) over (partition by {{ key_columns(key) }} order by list_number)
                    then 0
                else 1
            end as is_arrival
        from numbered
        where preference = 1

    ),

    counted as (

        select
            *,
            sum(is_arrival) over (
                partition by {{ key_columns(key) }}
                order by list_number
                rows between unbounded preceding and current row
            ) as stay
        from listed

    ),

    bounded as (

        select
            *,
            max(next_landed_at) over (partition by {{ key_columns(key) }}, stay) as stay_ends_at
        from counted

    ),

    compared as (

        select
            *,
            lag(state) over (partition by {{ key_columns(key) }}, stay order by list_number) as previous_state
        from bounded
        where _quarantine_reasons is null

    )

    select
        *,
        _ingested_at as valid_from,
        coalesce(
            lead(_ingested_at) over (partition by {{ key_columns(key) }}, stay order by list_number),
            stay_ends_at
        ) as valid_to
    from compared
    where not state <=> previous_state
{%- endmacro %}
