-- The plays by a watermark. The source has no `updated_at` for them, so the newest play is it.
{{
    config(
        materialized='incremental',
        incremental_strategy='merge',
        unique_key='stream_id',
    )
}}

select *
from {{ ref('current_plays') }}
{% if is_incremental() -%}
where streamed_at > (select max(streamed_at) from {{ this }})
{%- endif %}
