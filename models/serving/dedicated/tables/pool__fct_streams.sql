-- The days that were exported since the last run replace their previous rows.
{{
    config(
        materialized='incremental',
        incremental_strategy='delete+insert',
        unique_key='_slice',
    )
}}

{{ pool_index(monthly_columnstore('date_key')) }}

{{ staged(ref('fct_streams'), ref('exports')) }}
