{#-
    The one list of the project's entities. Models and macros read it through `entities` and `entity`, Python through
    `medallion/entities.py`. docs/decisions.md explains why it is a macro, not a var or `meta`.

    `source_table` is a table of the source in SQL Server's notation; `list` is a reference file. `history` defines how
    its rows are stored: `versions` (each change of a tracked column opens a version), `latest` (the last good change of a
    key), `events` (the last change of a key, which a rule may quarantine), `lists` (versions from whole files).
    `staged` is the model of its changes, and for `events` of their deliveries. `published` is the model that readers
    use; the key of its versions is named `<name>_key`. `quarantine` is the model of the quarantined
    changes of `events`; those of the others are in `quarantined_members`.
-#}
{% macro entity_registry() -%}
    {{ return([
        {
            'name': 'user', 'source_table': 'dbo.DimUser', 'key': ['user_id'], 'history': 'versions',
            'bronze': 'azure_sql__dim_user', 'staged': 'stg_azure_sql__user_changes', 'published': 'dim_user',
            'tracked': ['user_name', 'country', 'subscription_type', 'start_date', 'end_date'],
        },
        {
            'name': 'artist', 'source_table': 'dbo.DimArtist', 'key': ['artist_id'], 'history': 'versions',
            'bronze': 'azure_sql__dim_artist', 'staged': 'stg_azure_sql__artist_changes', 'published': 'dim_artist',
            'tracked': ['artist_name', 'genre', 'country'],
        },
        {
            'name': 'track', 'source_table': 'dbo.DimTrack', 'key': ['track_id'], 'history': 'versions',
            'bronze': 'azure_sql__dim_track', 'staged': 'stg_azure_sql__track_changes', 'published': 'dim_track',
            'tracked': ['track_name', 'artist_id', 'album_name', 'duration_sec', 'release_date'],
        },
        {
            'name': 'date', 'source_table': 'dbo.DimDate', 'key': ['date_key'], 'history': 'latest',
            'bronze': 'azure_sql__dim_date', 'staged': 'stg_azure_sql__date_changes', 'published': 'dim_date',
        },
        {
            'name': 'play', 'source_table': 'dbo.FactStream', 'key': ['stream_id'], 'history': 'events',
            'bronze': 'azure_sql__fact_stream', 'staged': 'stg_azure_sql__play_deliveries', 'published': 'fct_streams',
            'quarantine': 'quarantined_plays',
        },
        {
            'name': 'market', 'list': 'markets', 'key': ['country'], 'history': 'lists',
            'bronze': 'github__markets', 'staged': 'stg_github__market_lines', 'published': 'dim_market',
            'tracked': ['iso_code', 'region', 'currency'],
        },
        {
            'name': 'plan', 'list': 'subscription_plans', 'key': ['plan'], 'history': 'lists',
            'bronze': 'github__subscription_plans', 'staged': 'stg_github__subscription_plan_lines',
            'published': 'dim_subscription_plan',
            'tracked': ['monthly_price', 'currency', 'max_devices'],
        },
    ]) }}
{%- endmacro %}
