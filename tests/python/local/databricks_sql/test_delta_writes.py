"""Partitions, schema evolution, COPY INTO and grants, on both engines."""

import datetime

import pytest

from support.warehouse_sql import a_warehouse

URL = "abfss://landing@account.dfs.core.windows.net/rows"


warehouse = a_warehouse(
    "create schema s",
)


def test_a_partition_clause_gives_values_and_limits_an_overwrite(warehouse):
    first, second = datetime.date(2020, 1, 1), datetime.date(2020, 1, 2)
    warehouse.run("create table s.p (id int, k string, d date) partitioned by (k, d)")
    warehouse.run("insert into s.p partition (k = 'x', d = '2020-01-01') values (1), (2)")
    warehouse.run("insert into s.p partition (k = 'y', d) values (3, date'2020-01-02')")
    assert "[NON_PARTITION_COLUMN]" in warehouse.fails(
        "insert into s.p partition (id = 1) select 1"
    )
    warehouse.run("insert overwrite s.p partition (k = 'x', d = date'2020-01-01') select 9")
    rows = "select * from s.p order by id"
    assert warehouse.rows(rows) == [(3, "y", second), (9, "x", first)]
    warehouse.run("insert overwrite s.p partition (k = 'y') select 4, date'2020-01-01'")
    assert warehouse.rows(rows) == [(4, "y", first), (9, "x", first)]
    warehouse.run("truncate table s.p partition (k = 'y')")
    assert warehouse.rows(rows) == [(9, "x", first)]
    warehouse.run("insert overwrite s.p partition (k, d) select 1, 'z', date'2020-01-02'")
    assert warehouse.rows(rows) == [(1, "z", second)]


def test_replace_using_replaces_equal_rows(warehouse):
    warehouse.run(
        "create table s.r as select * from values (1, 'a'), (2, 'b'), (null, 'n') t(k, v)"
    )
    warehouse.run("insert into s.r replace using (k) values (2, 'B'), (null, 'm')")
    warehouse.run("insert into s.r by name replace using (k) select 'z' as v, 1 as k")
    rows = warehouse.rows("select * from s.r order by k, v")
    assert rows == [(None, "m"), (None, "n"), (1, "z"), (2, "B")]


def test_a_write_with_schema_evolution_adds_columns(warehouse):
    warehouse.run("create table s.e as select 1 as k, 'a' as v")
    assert "[INSERT_COLUMN_ARITY" in warehouse.fails("insert into s.e select 2, 'b', true")
    warehouse.run("insert with schema evolution into s.e select 2, 'b', true as flag")
    warehouse.run(
        "merge with schema evolution into s.e t "
        "using (select 2 as k, 'B' as v, 7 as more union all select 3, 'c', 8) n on t.k = n.k "
        "when matched then update set * when not matched then insert *"
    )
    assert warehouse.rows("select * from s.e order by k") == [
        (1, "a", None, None), (2, "B", True, 7), (3, "c", None, 8),
    ]  # fmt: skip


_MERGED = "select id, day, v, d from values {} as r(id, day, v, d)"
_BEFORE = (
    "(1, 1, 'a', null), (1, 2, 'b', 1.5), (2, 1, 'c', 2.5), (3, 3, null, 3.5), (4, null, 'd', 4), "
    "(5, 1, 'twice', 5), (5, 1, 'twice', 6), (6, 4, 'stays', 7)"
)
_UPSERT = "when matched and n.v = 'gone' then delete when matched and n.d >= 0 then update set *"


@pytest.mark.parametrize(
    ("changes", "whens"),
    [
        ("(1, 1, 'A', 9), (5, 1, 'both', 8), (2, 1, 'gone', 0), (7, 9, 'new', 1)", _UPSERT),
        ("(1, 1, 'kept', -1), (3, 3, 'gone', 0), (3, 4, 'other day', 1)", _UPSERT),
        ("(1, 1, 'kept', -1)", _UPSERT),
        ("(8, 1, 'new', 1), (9, 5, null, null)", "when not matched and n.d is null then insert *"),
        ("(4, null, 'null matches nothing', 1), (1, 2, 'B', 2)", _UPSERT),
        ("(1, 1, 'x', 1), (8, 8, 'y', 2)", "when matched then update set v = t.v || n.v, d = n.id"),
        ("(1, 1, 'x', 1)", "when matched then update set day = n.day + 1"),
        ("(1, 1, 'x', 1)", "when matched and t.d is null then delete"),
        ("(1, 1, 'x', 1)", "when matched then update set * when not matched by source then delete"),
    ],
)  # fmt: skip
def test_a_merge_is_the_same_with_and_without_partitions(warehouse, changes, whens):
    """Sail's own MERGE runs without partitions. With them, the partitions may be replaced."""
    results = []
    for layout in ("partitioned by (day)", ""):
        rows = _MERGED.format(_BEFORE)
        warehouse.run(f"create or replace table s.m {layout} tblproperties ('a' = 'b') as {rows}")
        inserts = "" if "not matched" in whens else "when not matched then insert *"
        merge = (
            f"merge into s.m t using ({_MERGED.format(changes)}) n "
            f"on t.day = n.day and t.id = n.id {whens} {inserts}"
        )
        counts = warehouse.rows(merge)
        found = warehouse.rows("select * from s.m order by id, day, v, d")
        metrics = warehouse.rows(
            "select operation, operationMetrics['numTargetRowsUpdated'], "
            "operationMetrics['numTargetRowsDeleted'], operationMetrics['numTargetRowsInserted'] "
            "from (describe history s.m) where operation = 'MERGE'"
        )
        results.append((counts, found, metrics))
    assert results[0] == results[1]


def test_copy_into_loads_each_file_once(warehouse):
    folder = warehouse.home.lake / "landing" / "rows"
    folder.mkdir(parents=True)
    (folder / "1.csv").write_text("id,name\n1,a\n2,b\n")
    warehouse.run("create table s.c (id int, name string)")
    copy = f"copy into s.c from '{URL}' fileformat = csv format_options ('header' = 'true')"
    assert warehouse.rows(copy) == [(2, 2, 0)]
    assert warehouse.rows(copy) == [(0, 0, 0)]
    (folder / "2.csv").write_text("id,name,extra\n3,c,x\n")
    assert "[COPY_INTO_SCHEMA_MISMATCH_WITH_TARGET_TABLE]" in warehouse.fails(copy)
    assert warehouse.rows(f"{copy} copy_options ('mergeSchema' = 'true')") == [(1, 1, 0)]
    assert warehouse.rows(
        f"copy into s.c from (select id::int + 100 as id, upper(name) as name from '{URL}') "
        "fileformat = csv pattern = '1*' format_options ('header' = 'true') "
        "copy_options ('force' = 'true')"
    ) == [(2, 2, 0)]
    assert warehouse.rows("select * from s.c order by id") == [
        (1, "a", None), (2, "b", None), (3, "c", "x"), (101, "A", None), (102, "B", None),
    ]  # fmt: skip
    history = "select operation from (describe history s.c) where operation = 'COPY INTO'"
    assert len(warehouse.rows(history)) == 3


def test_grants_are_recorded_and_follow_the_table(warehouse):
    warehouse.run("create table s.g as select 1 as i")
    warehouse.run("grant select, modify on table s.g to `a@b`")
    warehouse.run("grant use schema on schema s to users")
    own = [("a@b", "MODIFY", "TABLE", "medallion.s.g"), ("a@b", "SELECT", "TABLE", "medallion.s.g")]
    above = ("users", "USE SCHEMA", "SCHEMA", "medallion.s")
    assert warehouse.rows("show grants on s.g") == [*own, above]
    assert warehouse.rows("show grants `a@b` on table s.g") == own
    warehouse.run("revoke modify on s.g from `a@b`")
    warehouse.run("alter table s.g rename to s.h")
    expected = [("a@b", "SELECT", "TABLE", "medallion.s.h"), above]
    assert warehouse.rows("show grants on table s.h") == expected
    assert "[INVALID_PARAMETER_VALUE]" in warehouse.fails("grant fly on s.h to `a@b`")
    warehouse.run("drop table s.h")
    warehouse.run("create table s.h as select 1 as i")
    assert warehouse.rows("show grants on s.h") == [above]


_ROWS = [
    r"(1, 'a''b', -1.5, null, true, '2024-02-29', 1, 'x')",
    r"(-2, 'it\'s \\ ;', 20.25, null, null, null, 2.50, null)",
    r"(3000000000, '', 3, null, false, '0001-01-01', -3E2, 'é\n')",
]


@pytest.mark.parametrize(
    "rows", [_ROWS, _ROWS[1:2], [*_ROWS[1:2], "(1, 'z', 1, 2, true, date'2024-01-01', 1, '')"]]
)
def test_many_literal_rows_are_those_of_an_inline_table(warehouse, rows):
    """They are not parsed as expressions, which takes seconds for the rows of a seed."""
    columns = "a string, b string, c string, d int, e boolean, f date, g double, h string"
    warehouse.run(f"create or replace table many ({columns})")
    warehouse.run(f"create or replace table few ({columns})")
    values = ", ".join(rows)
    repeated = ",\n".join([values] * 300)
    warehouse.run(f"/* seed */ insert overwrite many values {repeated};")
    warehouse.run(f"insert into few select * from values {values}")
    assert warehouse.rows("select count(*) from many") == [(300 * len(rows),)]
    shown = "select distinct * from {} order by a"
    assert warehouse.rows(shown.format("many")) == warehouse.rows(shown.format("few"))
    wrong = ", ".join([r"(1, 'x')"] * 5000)
    assert "CAST_INVALID_INPUT" in warehouse.fails(f"insert into many (a, d) values {wrong}")
    assert "ARITY" in warehouse.fails(f"insert into many (a) values {wrong}")


@pytest.mark.parametrize("text", ["x" * 20_000, "$$"])
def test_blanks_before_a_statement_cost_nothing(warehouse, text):
    """A pattern of comments and blanks once had exponentially many ways to match these."""
    assert warehouse.rows(f"/* dbt */{' ' * 200}select length('{text}')") == [(len(text),)]
