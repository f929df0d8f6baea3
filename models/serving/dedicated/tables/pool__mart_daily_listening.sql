-- The days that were exported since the last run replace their previous rows.
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='_slice',
    )
}}

{{ pool_index('CLUSTERED INDEX (date_day)') }}

{{ staged(ref('mart_daily_listening'), ref('exports')) }}
