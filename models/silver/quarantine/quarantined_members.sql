-- One row per change of a user, artist, track or date, and per line of the newest reference files,
-- that violates a rule, with the unchanged row.
{% set changes = {
    'user': 'azure_sql__dim_user',
    'artist': 'azure_sql__dim_artist',
    'track': 'azure_sql__dim_track',
    'date': 'azure_sql__dim_date',
} -%}
{% set references = {
    'market': 'github__markets',
    'plan': 'github__subscription_plans',
} -%}
{% set lines = {
    'market': 'stg_github__market_lines',
    'plan': 'stg_github__subscription_plan_lines',
} -%}

with

{% for dimension in changes -%}
{{ dimension }}_changes as (

    select * from {{ ref('stg_azure_sql__' ~ dimension ~ '_changes') }}

),

{% endfor -%}
{% for dimension, staged in lines.items() -%}
{{ dimension }}_lines as (

    select
        *,
        dense_rank() over (order by _ingested_at desc, _file desc) as file_recency
    from {{ ref(staged) }}

),

{% endfor -%}
kept_out as (

    {% for dimension, bronze in changes.items() -%}
    select
        '{{ dimension }}' as dimension,
        '{{ bronze }}' as bronze_model,
        to_json(_landed_row) as landed_row,
        _change_sequence,
        _changed_at,
        _run_id,
        _file,
        _loaded_at,
        _quarantine_reasons
    from {{ dimension }}_changes
    where _quarantine_reasons is not null
    union all

    {% endfor -%}
    {% for dimension, bronze in references.items() -%}
    select
        '{{ dimension }}' as dimension,
        '{{ bronze }}' as bronze_model,
        to_json(_landed_row) as landed_row,
        cast(null as string) as _change_sequence,
        cast(null as timestamp) as _changed_at,
        -- Data Factory names these files after its run.
        regexp_replace(_file, '[.]csv$', '') as _run_id,
        _file,
        _loaded_at,
        _quarantine_reasons
    from {{ dimension }}_lines
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
from kept_out
