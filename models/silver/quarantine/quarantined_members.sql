-- One row per change of a user, artist, track or date that has no key, with the row as it came.
{% for dimension in ['user', 'artist', 'track', 'date'] -%}
select
    '{{ dimension }}' as dimension,
    to_json(struct(*)) as landed_row,
    _change_sequence,
    _changed_at,
    _run_id,
    _file,
    _loaded_at as _first_seen_at,
    _quarantine_reasons
from {{ ref('stg_azure_sql__' ~ dimension ~ '_changes') }}
where _quarantine_reasons is not null
{% if not loop.last %}
union all

{% endif -%}
{% endfor %}
