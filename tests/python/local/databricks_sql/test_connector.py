"""databricks-sql-connector: parameters, results, asynchronous statements, cancel and metadata."""

import datetime
import threading
import time
from decimal import Decimal

import pytest
from databricks.sql.parameters import (
    DateParameter,
    DecimalParameter,
    SmallIntParameter,
    TimestampNTZParameter,
)

from support.warehouse_sql import a_warehouse, failing

UTC = datetime.UTC
LONG = (
    "select count(*) from range(1000000) a cross join range(1000000) b where (a.id * b.id) % 7 = 3"
)


warehouse = a_warehouse(
    "create schema s",
    "create table s.parent (id int not null, primary key (id))",
    "create table s.t (id int comment 'the key', name string, amount decimal(7, 2), "
    "constraint fk foreign key (id) references s.parent (id)) comment 'a table'",
    "insert into s.t values (1, 'a', 1.50), (2, 'b', null), (3, null, 3)",
    "create view s.v as select * from s.t",
)


def opened(warehouse, **options):
    """A connection that binds parameters in the server, the connector's default."""
    return warehouse.connect(use_inline_params=False, **options)


@pytest.fixture
def cursor(warehouse):
    with opened(warehouse).cursor() as given:
        yield given


VALUES = [
    (1, "int"),
    (-5, "int"),
    (2**40, "bigint"),
    (1.5, "double"),
    (True, "boolean"),
    ("it's a \\ \n ? :x `", "string"),
    (Decimal("12.340"), "decimal(5,3)"),
    (datetime.date(2024, 2, 29), "date"),
    (datetime.datetime(2024, 2, 29, 1, 2, 3, 400, tzinfo=UTC), "timestamp"),
    (None, "void"),
]


@pytest.mark.parametrize(("value", "kind"), VALUES, ids=[kind for _, kind in VALUES])
def test_a_parameter_keeps_its_value_and_type(cursor, value, kind):
    cursor.execute("select :x, typeof(:`x`), ':x'", {"x": value})
    assert tuple(cursor.fetchone()) == (value, kind, ":x")
    cursor.execute("select ?, '?'", [value])
    assert tuple(cursor.fetchone()) == (value, "?")


def test_parameters_have_declared_types(cursor):
    given = [
        SmallIntParameter(7),
        DecimalParameter(Decimal("1.50")),
        DateParameter(datetime.date(2024, 1, 1)),
        TimestampNTZParameter(datetime.datetime(2024, 1, 1)),
    ]
    cursor.execute("select typeof(?), typeof(?), typeof(?), typeof(?)", given)
    kinds = ["smallint", "decimal(3,2)", "date", "timestamp_ntz"]
    assert list(cursor.fetchone()) == kinds


def test_nested_parameters(cursor):
    cursor.execute("select :a, :m", {"a": [1, 2], "m": {"k": "v"}})
    items, pairs = cursor.fetchone()
    assert list(items) == [1, 2]
    assert dict(pairs) == {"k": "v"}


def test_parameters_filter_and_limit(cursor):
    cursor.execute("select id from s.t where name = :n or id > :i limit :l",
                   {"n": "a", "i": 2, "l": 10})  # fmt: skip
    assert sorted(row.id for row in cursor.fetchall()) == [1, 3]


def test_a_marker_without_a_value_is_refused(cursor):
    for statement, given in [("select :x, :y", {"x": 1}), ("select ?, ?", [1])]:
        message = failing(lambda statement=statement, given=given: cursor.execute(statement, given))
        assert message.startswith("[UNBOUND_SQL_PARAMETER]")
        assert "SQLSTATE: 42P02" in message


def test_a_path_of_json_is_no_marker(cursor):
    cursor.execute("select j:a from (select :j as j)", {"j": '{"a": 1}'})
    assert cursor.fetchone()[0] == "1"


def test_many_rows_are_inserted(cursor):
    cursor.execute("create or replace table s.many (id int, name string)")
    cursor.executemany("insert into s.many values (:id, :name)",
                       [{"id": n, "name": f"n{n}"} for n in range(3)])  # fmt: skip
    cursor.execute("select id, name from s.many order by id")
    assert [tuple(row) for row in cursor.fetchall()] == [(n, f"n{n}") for n in range(3)]


def test_the_description_has_types_and_the_scale(cursor):
    cursor.execute("select id, name, amount, current_timestamp() as at, array(1) as l from s.t")
    described = [(one[0], one[1], one[4], one[5]) for one in cursor.description]
    assert described == [
        ("id", "int", None, None),
        ("name", "string", None, None),
        ("amount", "decimal", 7, 2),
        ("at", "timestamp", None, None),
        ("l", "array", None, None),
    ]


def test_the_number_of_changed_rows(cursor):
    cursor.execute("create or replace table s.changed as select id from range(5)")
    cursor.execute("insert into s.changed select id from range(3)")
    assert cursor.rowcount == 3
    cursor.execute("truncate table s.changed")
    assert cursor.rowcount == -1
    assert cursor.fetchall() == []


def test_a_row_limit(warehouse):
    with opened(warehouse).cursor(row_limit=12) as cursor:
        cursor.execute("select id from range(100000)")
        assert cursor.fetchall_arrow().num_rows == 12


def test_large_results_arrive_in_pieces(cursor):
    cursor.execute("select id, repeat('x', 50) as text from range(300000)")
    assert [row.id for row in cursor.fetchmany(3)] == [0, 1, 2]
    rest = cursor.fetchall_arrow()
    assert rest.num_rows == 299997
    assert rest.column("id")[-1].as_py() == 299999


def test_an_asynchronous_statement(cursor):
    cursor.execute_async("select sum(id) from range(:n)", {"n": 10})
    while cursor.is_query_pending():
        time.sleep(0.01)
    cursor.get_async_execution_result()
    assert cursor.fetchone()[0] == 45


def test_an_asynchronous_failure(cursor):
    cursor.execute_async("select 1 / 0")
    assert "SQLSTATE: 22012" in failing(cursor.get_async_execution_result)


def test_cancel_interrupts(warehouse, cursor):
    begun = time.monotonic()
    threading.Timer(1.5, cursor.cancel).start()
    assert "cancel" in failing(lambda: cursor.execute(LONG)).lower()
    assert time.monotonic() - begun < 20
    assert warehouse.rows("select 1") == [(1,)]


def test_a_session_that_ends_during_a_fetch(warehouse):
    connection = opened(warehouse)
    cursor = connection.cursor()
    cursor.execute("select id, repeat('x', 100) from range(1000000)")
    cursor.fetchmany(10)
    connection.session.backend.close_session(connection.session._session_id)
    message = failing(cursor.fetchall_arrow)
    assert "INVALID_HANDLE" in message
    assert warehouse.rows("select 1") == [(1,)]


@pytest.mark.parametrize("compressed", [True, False])
def test_a_result_of_many_fetches(warehouse, compressed):
    options = {"enable_query_result_lz4_compression": compressed}
    with opened(warehouse, **options).cursor(arraysize=70_000) as cursor:
        cursor.execute("select id, repeat('x', 100) as text from range(300000) order by id")
        rows = cursor.fetchall_arrow()
    assert rows["id"].to_pylist() == list(range(300_000))
    assert set(rows["text"].to_pylist()) == {"x" * 100}


def test_nested_values_are_native_or_text(warehouse):
    query = "select array('a', null), named_struct('a', 1, 'b', 'x'), map('k', 1.5)"
    with opened(warehouse).cursor() as cursor:
        cursor.execute(query)
        items, struct, pairs = cursor.fetchone()
        assert list(items) == ["a", None]
        assert struct == {"a": 1, "b": "x"}
        assert dict(pairs) == {"k": Decimal("1.5")}
    with opened(warehouse, _use_arrow_native_complex_types=False).cursor() as cursor:
        cursor.execute(query)
        assert tuple(cursor.fetchone()) == ('["a",null]', '{"a":1,"b":"x"}', '{"k":1.5}')


def test_values_without_arrow_types(warehouse):
    options = {"_use_arrow_native_decimals": False, "_use_arrow_native_timestamps": False}
    with opened(warehouse, **options).cursor() as cursor:
        cursor.execute("select 1.50, timestamp'2024-01-01 01:02:03.5'")
        assert cursor.description[0][4:6] == (3, 2)
        assert str(cursor.fetchone()[0]) == "1.50"


def test_catalogs_schemas_and_tables(cursor):
    assert [row.TABLE_CAT for row in cursor.catalogs().fetchall()] == ["medallion", "system"]
    found = cursor.schemas(catalog_name="medallion", schema_name="s%").fetchall()
    assert "s" in [row.TABLE_SCHEM for row in found]
    tables = cursor.tables(schema_name="s", table_name="_").fetchall()
    assert [(row.TABLE_NAME, row.TABLE_TYPE) for row in tables] == [("t", "TABLE"), ("v", "VIEW")]
    assert tables[0].REMARKS == "a table"
    views = cursor.tables(schema_name="s", table_types=["VIEW"]).fetchall()
    assert [row.TABLE_NAME for row in views] == ["v"]


def test_columns(cursor):
    rows = cursor.columns(schema_name="s", table_name="t").fetchall()
    columns = [
        (row.COLUMN_NAME, row.DATA_TYPE, row.TYPE_NAME, row.COLUMN_SIZE, row.DECIMAL_DIGITS)
        for row in rows
    ]
    assert columns == [
        ("id", 4, "INT", 10, 0),
        ("name", 12, "STRING", 255, None),
        ("amount", 3, "DECIMAL(7,2)", 7, 2),
    ]
    assert rows[0].REMARKS == "the key"
    named = cursor.columns(schema_name="s", table_name="t", column_name="n%").fetchall()
    assert [row.COLUMN_NAME for row in named] == ["name"]


def test_the_schema_of_the_connection(warehouse):
    with opened(warehouse, schema="s").cursor() as cursor:
        cursor.execute("select current_catalog(), current_schema()")
        assert tuple(cursor.fetchone()) == ("medallion", "s")
    assert "NO_SUCH_CATALOG" in failing(lambda: opened(warehouse, catalog="nope"))


def test_query_tags_are_accepted(cursor):
    cursor.execute("select 1", query_tags={"team": "data"})
    assert cursor.fetchone()[0] == 1


def test_files_of_volumes_are_refused_by_name(warehouse):
    for statement in ("put '/tmp/x' into '/Volumes/a/b/c' overwrite", "remove '/Volumes/a/b/c'"):
        assert statement.split()[0] in warehouse.fails(statement)
        assert "UNSUPPORTED_FEATURE" in warehouse.fails(statement)
