{#-
    The columns of a dimension whose change opens a version: all source columns except the key and
    `updated_at`, which changes without meaning.
-#}
{% macro tracked_columns(entity) -%}
    {{ return({
        'user': ['user_name', 'country', 'subscription_type', 'start_date', 'end_date'],
        'artist': ['artist_name', 'genre', 'country'],
        'track': ['track_name', 'artist_id', 'album_name', 'duration_sec', 'release_date'],
        'subscription_plan': ['monthly_price', 'currency', 'max_devices'],
        'market': ['iso_code', 'region', 'currency'],
    }[entity]) }}
{%- endmacro %}
