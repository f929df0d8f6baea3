-- One row per day with orders. A line may change on any day, so each run recomputes every day.
{{ config(unique_key='date_day') }}

{% set columns = ['date_day', 'orders', 'units', 'revenue', '_loaded_through'] -%}

with

orders as (

    select * from {{ ref('fct_order') }}

),

lines as (

    select * from {{ ref('fct_order_line') }}

),

affected_days as (

    select cast(ordered_at as date) as date_day from orders
    {% if is_incremental() -%}
    union distinct
    select date_day from {{ this }}
    {%- endif %}

),

rebuilt as (

    select
        cast(orders.ordered_at as date) as date_day,
        count(distinct orders.order_id) as orders,
        sum(lines.quantity) as units,
        cast(sum(lines.amount) as decimal(19, 2)) as revenue,
        max(greatest(orders._loaded_through, lines._loaded_through)) as _loaded_through
    from orders
    inner join lines on orders.order_id = lines.order_id
    where orders.ordered_at is not null
    group by cast(orders.ordered_at as date)

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_days',
        'date_day',
        scope='date_day',
        columns=columns
    ) | indent(4) }}

)

select
    -- keys
    date_day,

    -- measures
    orders,
    units,
    revenue,

    -- control
    _loaded_through,
    _is_deleted
from replaced
