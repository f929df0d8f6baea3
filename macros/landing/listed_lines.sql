{#-
    Each line of every landed list of a bronze model of reference files, checked against the rules.
    A landed file is the whole list as of its landing time; a file that was overwritten is one list
    for each version. `_is_counted` marks the lines whose list is part of the history: the list has
    a valid line, and it is the last by file name among lists with the same landing time. If a key
    has two valid lines that differ, they contradict each other and both are quarantined.
-#}
{% macro listed_lines(of, key, attributes) -%}
    with

    judged as (

        select
            *,
            struct(*) as _landed_row,
            {{ quarantine_reasons(of) }} as broken_rules,
            {{ surrogate_key(attributes) }} as state
        from {{ ref(of) }}

    ),

    compared as (

        select
            *,
            min(case when broken_rules is null then state end) over (
                partition by _ingested_at, _file, {{ key_columns(key) }}
            ) as first_state,
            max(case when broken_rules is null then state end) over (
                partition by _ingested_at, _file, {{ key_columns(key) }}
            ) as last_state
        from judged

    ),

    reasoned as (

        select
            *,
            case
                when broken_rules is not null then broken_rules
                when first_state != last_state then 'key_has_one_line_in_its_list'
            end as _quarantine_reasons
        from compared

    ),

    -- A list without a valid line is ignored. In particular, it does not mean that all keys are
    -- gone.
    ranked as (

        select
            *,
            max(case when _quarantine_reasons is null then _file end) over (
                partition by _ingested_at
            ) as counted_file
        from reasoned

    )

    select
        *,
        coalesce(_file = counted_file, false) as _is_counted
    from ranked
{%- endmacro %}
