"""Metric views: dimensions and measures."""

from datetime import date

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


_BALANCES = """create or replace view s.balances_by_day
with metrics language yaml
as $$
version: 1.1
source: medallion.s.balances
dimensions:
  - {name: day, expr: day}
  - {name: bank, expr: bank}
measures:
  - name: balance
    expr: sum(amount)
    window:
      - {order: day, range: current, semiadditive: last}
  - name: opening
    expr: case when count(distinct bank) filter (where amount > 0) = 1 then sum(amount) end
    window:
      - {order: Day, range: current, semiadditive: first}
  - name: rows
    expr: count(*)
  - name: amount
    expr: count(amount)
  - name: share
    expr: measure(balance) / measure(amount)  # amount is a column of the source too
$$
"""


@pytest.fixture
def balances(warehouse):
    """Bank a has three days, and bank b only the first two."""
    warehouse.run(
        "create or replace table s.balances as select * from values (date '2024-01-01', 'a', 1), "
        "(date '2024-01-02', 'a', 2), (date '2024-01-03', 'a', 4), (date '2024-01-01', 'b', -8), "
        "(date '2024-01-02', 'b', 16) t(day, bank, amount)"
    )
    warehouse.run(_BALANCES)
    return warehouse


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("measure(balance), measure(rows) from v", [(4, 5)]),
        ("measure(balance) from v where day < date '2024-01-03'", [(18,)]),
        ("bank, measure(balance) from v group by bank order by 1", [("a", 4), ("b", 16)]),
        ("upper(bank) as b, measure(balance) from v group by b order by 1", [("A", 4), ("B", 16)]),
        (
            "upper(bank) as bank, measure(balance) from v group by bank order by 1",
            [("A", 4), ("B", 16)],
        ),
        ("day(day), measure(balance) from v group by day order by 1", [(1, -7), (2, 18), (3, 4)]),
        (
            "day, bank, measure(balance) from v group by all having bank = 'b' order by 1",
            [(date(2024, 1, 1), "b", -8), (date(2024, 1, 2), "b", 16)],
        ),
        ("month(day), measure(balance) from v group by 1", [(1, 4)]),
        ("measure(opening) from v", [(-7,)]),
        ("bank, measure(opening) from v group by bank order by 1", [("a", 1), ("b", None)]),
        ("measure(share) from v", [(0.8,)]),
    ],
)
def test_a_window_measure_has_the_last_value_of_each_group(balances, query, rows):
    assert balances.rows(f"select {query.replace(' v', ' s.balances_by_day')}") == rows


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("filter: id <> 4", "filter: [id]", "its filter must be a text"),
        ("expr: upper(status)", "expr: {a: b}", "its expr of status must be a text"),
        ("version: 0.1", "version: 2020-99-99", "METRIC_VIEW_INVALID_VIEW_DEFINITION"),
        ("expr: count(1)", "expr: !!int abc", "METRIC_VIEW_INVALID_VIEW_DEFINITION"),
        ("name: mean", "name: mean\n    window: [{a: b}]", "the window of mean"),
    ],
)
def test_yaml_of_wrong_types_is_one_error(warehouse, old, new, words):
    assert words in warehouse.fails(_VIEW.replace(old, new, 1))


def test_measures_that_double_are_refused_before_they_fill_the_memory(warehouse):
    warehouse.run("create or replace table s.one as select 1 as a")
    doubling = "".join(
        f"  - {{name: m{n}, expr: measure(m{n + 1}) + measure(m{n + 1})}}\n" for n in range(28)
    )
    warehouse.run("drop view if exists s.doubling")
    refused = warehouse.fails(
        "create view s.doubling with metrics language yaml as $$\nversion: 1.1\n"
        f"source: medallion.s.one\nmeasures:\n{doubling}  - {{name: m28, expr: sum(a)}}\n$$"
    )
    assert "m0 reads measures 536,870,910 times (at most 1,000)" in refused


@pytest.mark.parametrize(
    ("old", "new"),
    [("range: current", "range: cumulative"), ("semiadditive: last", "offset: -1 day")],
)
def test_other_windows_are_refused(balances, old, new):
    assert "the window of balance" in balances.fails(_BALANCES.replace(old, new, 1))
    rolled = "select bank, measure(balance) from s.balances_by_day group by rollup (bank)"
    assert "GROUPING SETS with a measure" in balances.fails(rolled)
