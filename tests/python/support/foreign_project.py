"""A small dbt project that is not this one.

Its files are here as texts: dbt would read them as this project's, because they are below tests/.
"""

from pathlib import Path


def write_project(folder: Path) -> None:
    """Write the project into a new folder."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


FILES = {
    "dbt_project.yml": """\
name: shop
version: "1.0"
profile: shop
flags: {send_anonymous_usage_stats: false}
vars: {until: 2}
models:
  shop:
    +file_format: delta
    incremental: {+materialized: incremental}
""",
    "models/by_status.sql": """\
{{ config(database='archive', materialized='table') }}

select *
from (select day, status, amount from {{ ref('orders') }})
pivot (sum(amount) for status in ('placed', 'shipped', 'returned'))
""",
    "models/incremental/appended.sql": """\
{{ config(incremental_strategy='append') }}

select id, day from {{ ref('orders') }}
{% if is_incremental() %} where day > (select max(day) from {{ this }}) {% endif %}
""",
    "models/incremental/by_day.sql": """\
{{ config(
    incremental_strategy='microbatch', event_time='ordered_at',
    begin='2026-01-01', batch_size='day', lookback=1
) }}

select id, ordered_at from {{ ref('orders') }}
""",
    "models/incremental/deleted_and_inserted.sql": """\
{{ config(incremental_strategy='delete+insert', unique_key='id') }}

select id, day, status from {{ ref('orders') }}
{% if is_incremental() %} where day > (select max(day) from {{ this }}) {% endif %}
""",
    "models/incremental/merged.sql": """\
{{ config(incremental_strategy='merge', unique_key='id') }}

select id, day, status from {{ ref('orders') }}
{% if is_incremental() %} where day > (select max(day) from {{ this }}) {% endif %}
""",
    "models/incremental/overwritten.sql": """\
{{ config(incremental_strategy='insert_overwrite', partition_by='day') }}

select id, day from {{ ref('orders') }}
{% if is_incremental() %} where day >= (select max(day) from {{ this }}) {% endif %}
""",
    "models/incremental/replaced.sql": """\
{{ config(incremental_strategy='replace_where', incremental_predicates='day >= 2') }}

select id, day from {{ ref('orders') }}
{% if is_incremental() %} where day >= 2 {% endif %}
""",
    "models/orders.sql": """\
{{ config(event_time='ordered_at') }}

select id, day, status, cast(amount as decimal(10, 2)) as amount, ordered_at
from {{ ref('raw_orders') }}
where day <= {{ var('until') }}
""",
    "models/shop.yml": """\
models:
  - name: orders
    description: Orders up to a day.
    columns:
      - name: id
        description: The order's number.
        data_tests: [not_null]
      - name: status
        data_tests:
          - accepted_values: {arguments: {values: [placed, shipped, returned]}}
  - name: merged
    columns:
      - name: id
        data_tests: [unique]

unit_tests:
  - name: an_order_of_a_later_day_is_left_out
    model: orders
    overrides: {vars: {until: 1}}
    given:
      - input: ref('raw_orders')
        rows:
          - {id: 1, day: 1, status: placed, amount: 1.5}
          - {id: 2, day: 2, status: placed, amount: 2.5}
    expect:
      rows:
        - {id: 1, amount: 1.5}

exposures:
  - name: dashboard
    type: dashboard
    owner: {name: shop}
    depends_on: [ref('by_status')]
""",
    "seeds/raw_orders.csv": """\
id,day,status,amount,ordered_at
1,1,placed,10.50,2026-01-01 08:00:00
2,1,shipped,20.00,2026-01-01 09:00:00
3,2,placed,30.25,2026-01-02 10:00:00
2,3,returned,20.00,2026-01-03 11:00:00
4,3,placed,40.00,2026-01-03 12:00:00
""",
    "snapshots/order_history.yml": """\
snapshots:
  - name: order_history
    relation: ref('merged')
    config: {unique_key: id, strategy: check, check_cols: [status]}
""",
    "tests/amounts_are_positive.sql": """\
select id, amount from {{ ref('orders') }} where amount <= 0
""",
}
