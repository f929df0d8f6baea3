-- The newest landed version of each reference file is part of the history and lists each key once.
-- Otherwise `quarantine.quarantined_members` has its lines with the reasons, and the previous
-- content of the file stays valid. The next file corrects it.
{{ config(severity='warn') }}

{% set lists = entities(['lists']) -%}

with

lines as (

    {% for entity in lists -%}
    select
        {{ sql_text(entity.landed_as) }} as reference_file,
        {{ key_text(entity.key) }} as list_key,
        _file,
        _quarantine_reasons,
        _is_counted,
        dense_rank() over (order by _ingested_at desc, _file desc) as recency
    from {{ ref(entity.staged) }}
    {% if not loop.last -%}
    union all

    {% endif -%}
    {% else -%}
    {{ no_rows({
        'reference_file': 'string',
        'list_key': 'string',
        '_file': 'string',
        '_quarantine_reasons': 'string',
        '_is_counted': 'boolean',
        'recency': 'int',
    }) }}
    {% endfor %}
)

select
    reference_file,
    list_key,
    _file,
    _quarantine_reasons
from lines
where
    recency = 1
    and (not _is_counted or _quarantine_reasons <=> 'key_has_one_line_in_its_list')
