-- The newest list of each reference file has at least half of the keys of the previous list.
-- Otherwise the versions of the missing keys have ended: check the file. The next file corrects a
-- truncated or wrong file and opens new versions. To remove the wrong file from the history too,
-- delete its rows from bronze.
{{ config(severity='warn') }}

{% set lists = entities(['lists']) -%}

with

lines as (

    {% for entity in lists -%}
    select
        {{ sql_text(entity.landed_as) }} as reference_file,
        {{ key_text(entity.key) }} as list_key,
        _file,
        dense_rank() over (order by _ingested_at desc) as recency
    from {{ ref(entity.staged) }}
    where _is_counted and not {{ key_is_missing(entity.key) }}
    {% if not loop.last -%}
    union all

    {% endif -%}
    {% else -%}
    {{ no_rows({
        'reference_file': 'string',
        'list_key': 'string',
        '_file': 'string',
        'recency': 'int',
    }) }}
    {% endfor %}
),

keys_of_two_lists as (

    select
        reference_file,
        list_key,
        max(case when recency = 1 then _file end) as newest_file,
        bool_or(recency = 1) as is_kept,
        bool_or(recency = 2) as was_listed
    from lines
    where recency <= 2
    group by reference_file, list_key

)

select
    reference_file,
    max(newest_file) as newest_file,
    count_if(was_listed) as keys_before,
    count_if(was_listed and is_kept) as keys_kept
from keys_of_two_lists
group by reference_file
having count_if(was_listed and is_kept) * 2 < count_if(was_listed)
