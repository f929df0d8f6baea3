{#- The rows of the newest file of a bronze model of reference files, judged: the file is the whole list. -#}
{% macro newest_file(of) -%}
    select *
    from (
        select
            *,
            struct(*) as _landed_row,
            {{ quarantine_reasons(of) }} as _quarantine_reasons,
            dense_rank() over (order by _ingested_at desc, _file desc) as recency
        from {{ ref(of) }}
    ) as ranked
    where recency = 1
{%- endmacro %}
