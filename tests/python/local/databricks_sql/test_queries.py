"""The grammar of queries that people write, on both engines."""

import pytest

from support.warehouse_sql import a_warehouse

_ROWS = "(1, 'a', 10, cast(null as int)), (2, 'b', 20, 5), (3, 'a', 30, 7)"
warehouse = a_warehouse(
    "create schema s",
    "use s",
    f"create table s.t as select * from values {_ROWS} t(id, k, v, w)",
)


_CASES = [
    # PIVOT: implicit groups, several aggregates, several columns.
    (
        "select id, a, b from (select id, k, v from t) "
        "pivot (sum(v) for k in ('a' as a, 'b' as b))",
        [(1, 10, None), (2, None, 20), (3, 30, None)],
    ),
    (
        "select a_s, a_n, b_s, b_n from (select k, v from t) "
        "pivot (sum(v) as s, count(*) as n for k in ('a', 'b'))",
        [(40, 2, 20, 1)],
    ),
    ("select x from (select k, v from t) pivot (max(v) m for k in ('a' x, 'z')) p", [(30,)]),
    (
        "select id, a7, z from t pivot (max(v) for (k, w) in (('a', 7) as a7, ('z', 1) as z))",
        [(1, None, None), (2, None, None), (3, 30, None)],
    ),
    (
        "select * from values ('y', 1, 10), ('y', 2, 20) t(y, q, v) pivot (sum(v) for q in (1, 2))",
        [("y", 10, 20)],
    ),
    # UNPIVOT
    (
        "select * from (select id, v, w from t) unpivot (val for name in (v, w))",
        [(1, "v", 10), (2, "v", 20), (2, "w", 5), (3, "v", 30), (3, "w", 7)],
    ),
    (
        "select * from (select id, w from t) unpivot include nulls (val for name in (w as x))",
        [(1, "x", None), (2, "x", 5), (3, "x", 7)],
    ),
    (
        "select * from t unpivot ((p, q) for name in ((v, w) as a, (w, v) as b)) where id = 3",
        [(3, "a", "a", 30, 7), (3, "a", "b", 7, 30)],
    ),
    # Stars
    ("select * except (w, v) from t", [(1, "a"), (2, "b"), (3, "a")]),
    (
        "select t.* except (w, v, k), u.q from t join (select 1 as id, 2 as q) u using (id)",
        [(1, 2)],
    ),
    (
        "with x as (select * except (w) from t), y as (select * except (v) from x) select * from y",
        [(1, "a"), (2, "b"), (3, "a")],
    ),
    (
        "select t.id, u.q from t left join (select 1 as id, 2 as q) u using (id)",
        [(1, 2), (2, None), (3, None)],
    ),
    # QUALIFY
    (
        "select * from t qualify row_number() over (partition by k order by id) = 1",
        [(1, "a", 10, None), (2, "b", 20, 5)],
    ),
    (
        "select t.id, row_number() over (order by v desc) as rn from t qualify rn < 3 order by rn",
        [(2, 2), (3, 1)],
    ),
    ("select id, k from t qualify max(v) over (partition by k) = v order by w limit 1", [(2, "b")]),
    ("select distinct k from t qualify count(*) over (partition by k) > 1", [("a",)]),
    # LIKE with several patterns
    ("select id from t where k like any ('a%', 'c')", [(1,), (3,)]),
    ("select id from t where k not like all ('a%', 'c')", [(2,)]),
    ("select id from t where not k like any ('a%', 'c')", [(2,)]),
    ("select id from t where k ilike some ('A')", [(1,), (3,)]),
    # Lateral column aliases: a column of the source comes first.
    ("select 1 as x, x + 1 as y, x + y as z", [(1, 2, 3)]),
    ("select v + 1 as v, v + 1 as v2 from t where id = 1", [(11, 11)]),
    (
        "select k, sum(v) as s, s / count(*) as a from t group by k",
        [("a", 40, 20.0), ("b", 20, 20.0)],
    ),
    (
        "select t.*, u.z from t natural join (select 1 as id, 9 as z) u",
        [(1, "a", 10, None, 9)],
    ),
    # Arguments
    ("select mask('AbC1', lowerChar => 'q', upperChar => 'Q')", [("QqQn",)]),
    ("select coalesce(*) from (select cast(null as int) as a, 2 as b)", [(2,)]),
    # Paths into JSON text
    ('select s:a.b::int, s:c[0] from (select \'{"a": {"b": 3}, "c": [4]}\' as s)', [(3, "4")]),
    # Recursion
    (
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 4) "
        "select n, n * 2 as m from r where n > 1",
        [(2, 4), (3, 6), (4, 8)],
    ),
    (
        "with recursive x as (select min(id) as i from t), r(n, p) max recursion level 300 as "
        "(select i, 'a' from x union all select n + 1, p || 'b' from r where n < 200) "
        "select max(n), length(max(p)) from r",
        [(200, 200)],
    ),
    # Generators and higher-order functions
    ("select explode(map('a', 1))", [("a", 1)]),
    (
        "select id, m.* from t lateral view explode(map('a', id)) m as p, q where id = 2",
        [(2, "a", 2)],
    ),
    ("select q.key, q.value from (select explode(m) from (select map('x', 1) as m)) q", [("x", 1)]),
    ("select to_json(zip_with(array(1, 2), array(3, 4), (x, y) -> x + y))", [("[4,6]",)]),
    ("select to_json(map_filter(map('a', 1, 'b', 2), (k, v) -> v > 1))", [('{"b":2}',)]),
    ("select to_json(transform_values(map('a', 1), (k, v) -> v + 1))", [('{"a":2}',)]),
    ("select to_json(transform_keys(map('a', 1), (k, v) -> upper(k)))", [('{"A":1}',)]),
    ("select count(*) from t tablesample (2 rows)", [(2,)]),
    ("select /*+ broadcast(t) */ id from t where id = 1", [(1,)]),
    ("select id from t cluster by id", [(1,), (2,), (3,)]),
]


@pytest.mark.parametrize(("query", "rows"), _CASES)
def test_a_query_is_answered_as_on_databricks(warehouse, query, rows):
    assert sorted(warehouse.rows(query), key=repr) == sorted(rows, key=repr)


def test_a_star_names_an_unknown_column(warehouse):
    assert "UNRESOLVED_COLUMN" in warehouse.fails("select * except (zz) from s.t")
    assert "PARSE_SYNTAX_ERROR" in warehouse.fails("select * replace (1 as id) from s.t")


def test_a_recursion_without_end_is_an_error(warehouse):
    query = "with recursive r(n) as (select 1 union all select n + 1 from r) select max(n) from r"
    assert "RECURSION_LEVEL_LIMIT_EXCEEDED" in warehouse.fails(query)


def test_the_columns_of_a_query_need_no_valid_values(warehouse):
    """A prepared statement of the JDBC driver asks with the text '?' for each marker."""
    shown = warehouse.rows("describe query select id from range(3) where id = '?'")
    assert [tuple(row)[:2] for row in shown] == [("id", "bigint")]
    query = "select 1 / 0 as a, 1.5 / 0.0 as b, id % 0 from range(3)"
    names = [name for name, *_ in warehouse.rows(f"describe query {query}")]
    assert names == ["a", "b", "(id % 0)"]


def test_a_doubled_quote_is_one_quote(warehouse):
    assert warehouse.rows("""select 'it''s', "it""s", "it''s", 'a' '' 'b'""") == [
        ("it's", 'it"s', "it''s", "ab")
    ]


def test_a_variant_is_refused_unless_it_is_read(warehouse):
    for statement in (
        "select parse_json('1')",
        "select array(parse_json('1'))",
        "create table s.with_variant (v variant)",
        "create table s.with_variant as select parse_json('1') as v",
    ):
        message = warehouse.fails(statement)
        assert "[UNSUPPORTED_FEATURE]" in message
        assert "a VARIANT as a result or a column" in message
    read = "select to_json(v), variant_get(v, '$.a', 'int') from (select parse_json('{\"a\":1}') v)"
    assert warehouse.rows(read) == [('{"a":1}', 1)]


def test_a_struct_has_any_expressions(warehouse):
    query = "select s.x, s.y, s.id from (select struct(id + 1 as x, upper(k) as y, id) as s from t)"
    assert warehouse.rows(f"{query} order by id limit 1") == [(2, "A", 1)]
    assert "[UNSUPPORTED_DATATYPE]" in warehouse.fails("select cast(id as struct<a: uuid>) from t")
