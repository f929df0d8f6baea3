-- The current state by a watermark: rows of the source with a newer `updated_at` are merged.
{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='user_id',
    )
}}

select *
from {{ ref('current_users') }}
{% if is_incremental() -%}
where updated_at > (select max(updated_at) from {{ this }})
{%- endif %}
