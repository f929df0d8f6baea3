-- One row per product that was sold. Lines can be deleted, so each run recomputes every product.
{{ config(unique_key='product_id') }}

{% set columns = ['product_id', 'product_name', 'units', 'revenue', '_loaded_through'] -%}

with

lines as (

    select * from {{ ref('fct_order_line') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

affected_products as (

    select product_id from lines
    {% if is_incremental() -%}
    union distinct
    select product_id from {{ this }}
    {%- endif %}

),

rebuilt as (

    select
        lines.product_id,
        max(coalesce(products.product_name, 'Unknown')) as product_name,
        sum(lines.quantity) as units,
        cast(sum(lines.amount) as decimal(19, 4)) as revenue,
        max(lines._loaded_through) as _loaded_through
    from lines
    left outer join products on lines.product_id = products.product_id and products.is_current
    where lines.product_id is not null
    group by lines.product_id

),

replaced as (

    {{ with_tombstones(
        'rebuilt',
        'affected_products',
        'product_id',
        scope='product_id',
        columns=columns
    ) | indent(4) }}

)

select
    -- keys
    product_id,

    -- attributes
    product_name,

    -- measures
    units,
    revenue,

    -- control
    _loaded_through,
    _is_deleted
from replaced
