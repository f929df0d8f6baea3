"""Rows are compared by key: each kind of difference is counted once, and only real ones."""

import json

import pytest

from medallion.home import Home
from medallion.page.render import html
from medallion.slim import values
from medallion.slim.differences import details, overview
from medallion.slim.page import page_of
from medallion.slim.results import Built, Verdict
from medallion.slim.values import Compared, Pair
from medallion_local.databricks_sql.lifecycle import process
from support.browser import CHROMIUM, chromium, served, visit
from support.warehouse_sql import Started, close_all

TYPES = {
    "k": "bigint",
    "name": "string",
    "amount": "double",
    "price": "decimal(9,2)",
    "tags": "array<bigint>",
    "_loaded_at": "timestamp",
}
BEFORE = """
    select
        id as k, 'n' || id as name, id * 1.5D as amount, cast(id as decimal(9,2)) as price,
        array(id) as tags, timestamp'2025-01-01' as _loaded_at
    from range(100)
"""


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    started = Started(Home(tmp_path_factory.mktemp("values")), "sail")
    for schema in ("built", "production"):
        started.run(f"create schema {schema}")
    started.run(f"create table production.t as {BEFORE}")
    yield started
    close_all()
    process.stop(started.home)


def pair(rows: int = 100, **options) -> Pair:
    given = {"key": ("k",), "types": TYPES, "personal": frozenset({"name"})} | options
    return Pair(["medallion", "built", "t"], ["medallion", "production", "t"], rows=rows, **given)


def compare(warehouse, query: str, asked: Pair) -> Compared:
    warehouse.run(f"create or replace table built.t as {query}")

    def answers(text: str) -> list[dict]:
        return [json.loads(row) for (row,) in warehouse.rows(text)]

    [counts] = answers(values.counts_query(asked))
    details = (answers(ask(asked)) for ask in (values.measures_query, values.sample_query))
    return values.compared(asked, counts, *details)


def counts(one: Compared) -> tuple[int, int, int, int]:
    return one.added, one.removed, one.changed, one.same


def test_equal_rows_differ_in_nothing(warehouse):
    """Neither do sums of doubles in another order, nor control columns."""
    later = BEFORE.replace("1.5D", "1.5D * (1 + 1e-14)").replace("2025-01-01", "2025-01-02")
    for key in (("k",), ()):
        one = compare(warehouse, BEFORE if not key else later, pair(key=key))
        assert counts(one) == (0, 0, 0, 100) and not one.differs and one.columns == {}


def test_each_kind_of_difference_is_counted(warehouse):
    one = compare(
        warehouse,
        f"""select k, if(k = 4, null, name) as name, if(k < 6, amount + 1, amount) as amount, price,
                if(k = 5, array(k, k), tags) as tags, _loaded_at
            from ({BEFORE}) where k >= 3
            union all select * from ({BEFORE}) where k = 50
            union all select null, 'new', null, null, null, null""",
        pair(),
    )
    assert counts(one) == (2, 3, 3, 94)
    assert one.columns == {"name": 1, "amount": 3, "tags": 1}
    assert one.repeated == (0, 1) and one.is_worse
    before, after = one.measures["amount"]
    assert (before.total, before.nulls, before.quantiles[2]) == (7425.0, 0, 74.25)
    assert (after.total, after.nulls) == (7425.0 - 4.5 + 3 + 75, 1)
    assert {row.kind for row in one.sample} == {"added", "removed", "changed"}
    assert {value for row in one.sample for value in row.values["name"]} <= {"***", None}
    [lost] = [row for row in one.sample if row.kind == "changed" and row.key["k"] == "4"]
    assert lost.values["name"] == ("***", None) and lost.values["amount"] == ("6.0", "7.0")


def test_without_a_key_rows_are_compared_as_a_whole(warehouse):
    query = (
        f"select k, name, if(k = 1, 0D, amount) as amount, price, tags, _loaded_at from ({BEFORE})"
    )
    assert counts(compare(warehouse, query, pair(key=()))) == (1, 1, 0, 99)


def test_of_a_large_table_the_same_share_of_keys_is_compared(warehouse, monkeypatch):
    monkeypatch.setattr(values, "LARGEST", 40)
    one = compare(warehouse, BEFORE.replace("'n'", "'m'"), pair())
    assert one.share == 0.4
    assert (one.added, one.removed, one.same) == (0, 0, 0) and 10 < one.changed < 80


@pytest.fixture(scope="module")
def nodes(warehouse) -> list[Built]:
    """A table that lost a row, one with each row twice, and one that is equal."""
    queries = {
        "a_less": f"select * from ({BEFORE}) where k > 0",
        "b_twice": f"{BEFORE} union all {BEFORE}",
        "c_equal": BEFORE,
    }
    return [
        Built(
            f"model.medallion.{name}",
            "success",
            "",
            1,
            False,
            rows=compare(warehouse, query, pair()),
        )
        for name, query in queries.items()
    ]


def test_the_comment_names_a_broken_key_first(nodes):
    lines = overview(nodes).splitlines()
    assert lines[0] == "**2 of 3 compared tables have other rows:**"
    assert lines[2].startswith("- **b_twice**: 100 added of 200 rows. ⚠️ **The key is broken**")
    assert "(`k`): 100; in production: 0" in lines[2]
    assert lines[3] == "- **a_less**: 1 removed of 100 rows"
    first, second = details(nodes)
    assert "| removed | 0 | *** |" in first and "| added |" in second


@pytest.mark.skipif(
    CHROMIUM is None, reason="no Chromium is installed (apt install chromium): no page was opened"
)
def test_the_page_shows_it_at_first_sight(nodes, tmp_path):
    failed = Built("test.medallion.unique_k", "fail", "Got 100 results", 1, False)
    for name, found in (("bad", [*nodes, failed]), ("good", nodes[2:])):
        made = page_of(Verdict(found, [], ["azure_sql__dim_user"] if name == "bad" else []))
        (tmp_path / f"{name}.html").write_text(html(made), encoding="utf-8")
    with chromium() as browser, served(tmp_path) as base, visit(browser, base) as opened:
        for width, scheme in ((1300, "light"), (375, "dark")):
            opened.page.set_viewport_size({"width": width, "height": 800})
            opened.page.emulate_media(color_scheme=scheme)
            page = opened.go("bad.html")
            assert (
                page.locator("h1").inner_text() == "The key of b_twice is broken: rows repeat it."
            )
            assert page.locator(".figure .label").first.inner_text() == "b_twice"
            assert "unique_k (fail): Got 100 results" in page.locator(".notice").first.inner_text()
            assert "azure_sql__dim_user was not built here" in page.locator("body").inner_text()
            wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
            assert page.evaluate(wide) <= 0
        page = opened.go("good.html")
        said = "All rows of 1 compared table are those of production."
        assert page.locator("h1").inner_text() == said
        assert opened.faults == []
