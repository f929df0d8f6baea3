-- One row per change of an entity with the history `versions` or `latest`, and per line of the
-- newest reference files, that violates a rule, with the unchanged row.
{% set tables = entities(['versions', 'latest']) -%}
{% set lists = entities(['lists']) -%}

with

{% for entity in tables -%}
{{ entity.name }}_changes as (

    select * from {{ ref(entity.staged) }}

),

{% endfor -%}
{% for entity in lists -%}
{{ entity.name }}_lines as (

    select
        *,
        dense_rank() over (order by _ingested_at desc, _file desc) as file_recency
    from {{ ref(entity.staged) }}

),

{% endfor -%}
quarantined_rows as (

    {% if not (tables + lists) -%}
    {{ no_rows({
        'dimension': 'string',
        'bronze_model': 'string',
        'landed_row': 'string',
        '_change_sequence': 'string',
        '_changed_at': 'timestamp',
        '_run_id': 'string',
        '_file': 'string',
        '_loaded_at': 'timestamp',
        '_quarantine_reasons': 'string',
    }) }}
    {% endif -%}
    {% for entity in tables -%}
    select
        '{{ entity.name }}' as dimension,
        '{{ entity.bronze }}' as bronze_model,
        to_json(_landed_row) as landed_row,
        _change_sequence,
        _changed_at,
        _run_id,
        _file,
        _loaded_at,
        _quarantine_reasons
    from {{ entity.name }}_changes
    where _quarantine_reasons is not null
    {% if not loop.last or lists -%}
    union all

    {% endif -%}
    {% endfor -%}
    {% for entity in lists -%}
    select
        '{{ entity.name }}' as dimension,
        '{{ entity.bronze }}' as bronze_model,
        to_json(_landed_row) as landed_row,
        cast(null as string) as _change_sequence,
        cast(null as timestamp) as _changed_at,
        -- Data Factory names these files after its run.
        regexp_replace(_file, '[.]csv$', '') as _run_id,
        _file,
        _loaded_at,
        _quarantine_reasons
    from {{ entity.name }}_lines
    where file_recency = 1 and _quarantine_reasons is not null
    {% if not loop.last -%}
    union all

    {% endif -%}
    {% endfor %}
)

select
    -- keys
    dimension,
    bronze_model,

    -- attributes
    landed_row,

    -- control
    _change_sequence,
    _changed_at,
    _run_id,
    _file,
    _loaded_at as _first_seen_at,
    _quarantine_reasons
from quarantined_rows
