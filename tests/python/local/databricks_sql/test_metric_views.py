"""Metric views: dimensions and measures."""

import pytest

from support.warehouse_sql import a_warehouse

_VIEW = """create or replace view s.orders_by_status
comment 'about'
with metrics language yaml
as $$
version: 0.1
source: medallion.s.orders
filter: id <> 4
dimensions:
  - name: status
    expr: upper(status)
  - name: the day
    expr: date_trunc('DAY', ordered_at)
measures:
  - name: orders
    expr: count(1)
  - name: revenue
    expr: sum(amount) filter (where status <> 'it''s lost')
  - name: mean
    expr: MEASURE(revenue) / measure(orders)
$$
"""
warehouse = a_warehouse(
    "create schema s",
    "create table s.orders as select * from values "
    "(1, 100, 'done', timestamp '2024-01-01 10:00:00'), "
    "(2, 200, 'open', timestamp '2024-01-02 10:00:00'), "
    "(3, 150, 'done', timestamp '2024-01-01 12:00:00'), "
    "(4, 999, 'done', timestamp '2024-01-01 12:00:00') t(id, amount, status, ordered_at)",
    _VIEW,
)


def test_measures_are_grouped_by_dimensions(warehouse):
    assert warehouse.rows(
        "select status, measure(orders) as n, MEASURE(revenue) from s.orders_by_status "
        "where status <> 'LOST' group by status order by status"
    ) == [("DONE", 2, 250), ("OPEN", 1, 200)]
    assert warehouse.rows("select measure(mean) from s.orders_by_status") == [(150.0,)]
    assert warehouse.rows(
        "with days as (select `the day`, measure(orders) n from s.orders_by_status v "
        "group by all having measure(orders) > 1) select day(`the day`), n from days"
    ) == [(1, 2)]


def test_the_catalog_shows_the_definition(warehouse):
    listed = "select table_type from information_schema.tables where table_schema = 's'"
    assert sorted(warehouse.rows(listed)) == [("MANAGED",), ("METRIC_VIEW",)]
    facts = {row[0]: row[1] for row in warehouse.rows("describe extended s.orders_by_status")}
    assert facts["Type"] == "METRIC_VIEW"
    assert facts["View Text"].startswith("version: 0.1\nsource: medallion.s.orders")
    assert (facts["status"], facts["orders"]) == ("string", "bigint")
    [(text,)] = warehouse.rows("show create table s.orders_by_status")
    assert "LANGUAGE YAML" in text


def test_alter_view_replaces_the_definition(warehouse):
    warehouse.run(_VIEW.replace("orders_by_status", "altered"))
    warehouse.run(
        "alter view s.altered as $$\nversion: 1.1\nsource: select amount from medallion.s.orders\n"
        "measures:\n  - name: most\n    expr: max(source.amount)\n$$"
    )
    assert warehouse.rows("select measure(most) from s.altered") == [(999,)]
    warehouse.run("alter view s.altered set tags ('a' = 'b')")
    warehouse.run("drop view s.altered")


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("select * from s.orders_by_status", "name its dimensions"),
        ("select measure(profit) from s.orders_by_status", "has no measure `profit`"),
        ("select 1 from s.orders o join s.orders_by_status v on o.status = v.status", "in a join"),
        (_VIEW.replace("filter:", "joins:"), "`joins` of a metric view"),
        (_VIEW.replace("source:", "sauce:"), "needs a `source`"),
        (_VIEW.replace("$$\nversion", "$$\n[version"), "METRIC_VIEW_INVALID_VIEW_DEFINITION"),
        ("alter view s.orders as $$\nversion: 0.1\n$$", "is not a metric view"),
    ],
)
def test_what_metric_views_lack_is_refused(warehouse, statement, words):
    assert words in warehouse.fails(statement)
