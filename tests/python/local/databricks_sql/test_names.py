"""Names of columns: of views, and qualified by a schema; a view with another query."""

import pytest

from support.warehouse_sql import a_warehouse

warehouse = a_warehouse(
    "create schema s",
    "create table s.p as select * from values (1, 'a'), (2, 'b') t(id, k)",
    "create table s.q as select * from values (2, 'x') t(id, v)",
    engines=None,
)


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("select s.p.id from s.p where s.p.k = 'b'", [(2,)]),
        ("select medallion.s.p.id from medallion.s.p where id = 1", [(1,)]),
        ("select S.P.Id from s.p where id = 1", [(1,)]),
        ("select s.p.* from s.p where id = 1", [(1, "a")]),
        ("select s.p.id, s.q.v from s.p join s.q on s.p.id = s.q.id", [(2, "x")]),
        (
            "select id from s.p where exists (select 1 from s.q where s.q.id = s.p.id)",
            [(2,)],
        ),
        (
            "select a.b.c.d from "
            "(select named_struct('b', named_struct('c', named_struct('d', 7))) as a)",
            [(7,)],
        ),
        ("select p.f from (select named_struct('f', 5) as p) p", [(5,)]),
    ],
)
def test_a_qualified_column_is_found(warehouse, query, rows):
    assert warehouse.rows(query) == rows


def test_a_column_of_another_schema_is_not_found(warehouse):
    warehouse.fails("select default.p.id from s.p")
    warehouse.fails("select s.t.id from s.p as t")


@pytest.mark.parametrize("kind", ["view s.named", "temporary view named"])
def test_a_view_names_its_columns(warehouse, kind):
    connection = warehouse.connect()
    warehouse.run("use s", connection)
    for query in ("select 1 as a, 2 as b", "with z as (select 1 as a, 2 as b) select * from z"):
        warehouse.run(f"create or replace {kind} (b, a) as {query}", connection)
        assert warehouse.rows("select a, b from named", connection) == [(2, 1)]
    warehouse.run("drop view named", connection)


def test_a_view_gets_another_query(warehouse):
    warehouse.run("create view s.changed comment 'about' as select id from s.p")
    warehouse.run("alter view s.changed alter column id set tags ('a' = 'b')")
    warehouse.run("alter view s.changed as select k, id from s.p where id = 1;")
    assert warehouse.rows("select * from s.changed") == [("a", 1)]
    facts = {row[0]: row[1] for row in warehouse.rows("describe extended s.changed")}
    assert (facts["Comment"], facts["k"]) == ("about", "string")
    tags = "select column_name from information_schema.column_tags where table_name = 'changed'"
    assert warehouse.rows(tags) == [("id",)]
    assert "RECURSIVE_VIEW" in warehouse.fails("alter view s.changed as select * from s.changed")
