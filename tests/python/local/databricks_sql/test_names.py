"""Names of columns, of objects and of folders: what is found, and what no new object can have."""

from pathlib import Path

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


NAMES = ["x/y", "../../../../escape", "a.b", "a b", "a\nb", "a\x7fb", "", "é" * 256, "/abs", ".."]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "statement",
    [
        "create table s.{} as select 1 as id",
        "create table s.{} (id int)",
        "create or replace table s.{} location 'abfss://gold@acct/t' as select 1 as id",
        "create table s.{} clone s.p",
        "create view s.{} as select 1 as id",
        "create materialized view s.{} as select 1 as id",
        "create schema {}",
        "create catalog {}",
        "create function s.{}() returns int return 1",
        "alter table s.p rename to s.{}",
    ],
)
def test_a_name_that_unity_catalog_refuses_creates_nothing(warehouse, name, statement):
    before = everything(warehouse.home.root)
    message = warehouse.fails(statement.format(f"`{name}`"))
    expected = ("[INVALID_PARAMETER_VALUE]", "[PARSE_") if name else ("[",)
    assert message.startswith(expected), message
    assert everything(warehouse.home.root) == before


def test_a_name_of_other_characters_is_an_object_of_its_own(warehouse):
    warehouse.run("create schema `é-(1)`")
    for place, name in enumerate(("a-b", "a_b", "a'b", "a%2Fb", "ä\\b", "_", "a" * 255)):
        warehouse.run(f"create table `é-(1)`.`{name}` as select {place} as id")
        assert warehouse.rows(f"select id from `é-(1)`.`{name}`") == [(place,)]
    assert warehouse.rows("select id from `é-(1)`.`a-b`") == [(0,)]
    warehouse.run("drop schema `é-(1)` cascade")


@pytest.fixture
def outside(warehouse, tmp_path) -> Path:
    """A folder that is not of the home, with the same file as the container `landing`."""
    warehouse.run(
        "insert overwrite directory 'abfss://landing@acct/a' using parquet select 7 as secret"
    )
    file = next((warehouse.home.lake / "landing" / "a").glob("*.parquet"))
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "rows.parquet").write_bytes(file.read_bytes())
    return tmp_path / "there"


@pytest.mark.parametrize(
    "url",
    [
        *("abfss://.@acct/", "abfss://..@acct/x", "abfss://ab@acct/x", "abfss://A-B@acct/x"),
        *("abfss://a--b@acct/x", "abfss://a_b@acct/x", "abfss://gold@acct/../x"),
        *("abfss://gold@acct/./x", "abfss://gold@acct/a/../../bronze", "/etc", "file:///etc"),
        f"abfss://gold@acct/{'a' * 300}",
    ],
)
@pytest.mark.parametrize(
    "statement",
    [
        "insert overwrite directory '{}' using parquet select 1 as id",
        "create table s.elsewhere location '{}' as select 1 as id",
        "select * from read_files('{}', format => 'parquet')",
        "copy into s.p from '{}' fileformat = parquet",
        "select * from parquet.`{}`",
        "create schema elsewhere managed location '{}'",
    ],
)
def test_a_url_outside_a_container_is_refused(warehouse, url, statement):
    before = everything(warehouse.home.root)
    assert warehouse.fails(statement.format(url)).startswith("[INVALID_LOCATION]")
    assert everything(warehouse.home.root) == before


def test_a_query_reads_no_path_outside_the_lake(warehouse, outside):
    lake = warehouse.home.lake
    assert warehouse.rows(f"select * from parquet.`{lake}/landing/a`") == [(7,)]
    (lake / "landing" / "link").symlink_to(outside)
    for path in (outside, f"{lake}/../../..{outside}", f"{lake}/landing/link"):
        message = warehouse.fails(f"select * from parquet.`{path}`")
        assert message.startswith("[INVALID_LOCATION]") and "outside the lake" in message
    message = warehouse.fails("select * from parquet.`abfss://landing@acct/link`")
    assert message.startswith("[INVALID_LOCATION]")
    (lake / "landing" / "link").unlink()


def test_a_landed_link_is_read_only_if_it_stays_in_the_lake(warehouse, outside):
    folder = warehouse.home.lake / "landing" / "links"
    folder.mkdir()
    query = "select secret from {} read_files('abfss://landing@acct/links', format => 'parquet')"
    direct = "select secret from parquet.`abfss://landing@acct/links`"
    kept = folder / "kept.parquet"
    kept.symlink_to(next((warehouse.home.lake / "landing" / "a").glob("*.parquet")))
    assert warehouse.rows(query.format("")) == warehouse.rows(direct) == [(7,)]
    for target in (outside / "rows.parquet", "loop.parquet", outside):
        (folder / "loop.parquet").symlink_to(target)
        message = warehouse.fails(query.format(""))
        assert message.startswith("[FAILED_READ_FILE]") and "loop.parquet" in message
        assert warehouse.fails(direct).startswith("[INVALID_LOCATION]")
        (folder / "loop.parquet").unlink()
    kept.unlink()


@pytest.mark.parametrize("place", range(10))
def test_a_changed_byte_of_a_landed_value_is_found(warehouse, place):
    query = "select id, sha2(string(id), 256) as hash from range(5000)"
    warehouse.run(f"insert overwrite directory 'abfss://landing@acct/b' using parquet {query}")
    [file] = (warehouse.home.lake / "landing" / "b").glob("*.parquet")
    content = bytearray(file.read_bytes())
    content[len(content) * (2 * place + 1) // 24] ^= 0x01
    file.write_bytes(content)
    read = "select count(distinct hash) from read_files('abfss://landing@acct/b')"
    assert warehouse.fails(read).startswith("[FAILED_READ_FILE]")


def everything(root: Path) -> list[Path]:
    """Every file and folder around a home, but for what the warehouse notes about itself."""
    return sorted(
        path
        for path in root.parent.rglob("*")
        if "warehouse.log" not in path.name
        and "catalog.sqlite" not in path.name
        and "scratch" not in path.parts
    )
