"""T-SQL on the emulator of the dedicated pool: the data, and the errors for unsupported T-SQL."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion.home import Home
from medallion_local.synapse.dedicated.pool import create_pool, opened
from medallion_local.synapse.dedicated.run import SCRIPTS
from medallion_local.synapse.dedicated.session import session_of
from medallion_local.synapse.errors import TSqlError
from medallion_local.synapse.session import run_script

HEAP = "with (distribution = round_robin, heap)"
ROWS = {
    "a": pa.array([1, 2], pa.int64()),
    "b": ["Å", "😀x"],
    "t": pa.array([datetime(9999, 12, 31, tzinfo=UTC), None], pa.timestamp("us", "UTC")),
}
COLUMNS = "[a] bigint, [b] nvarchar(3) collate Latin1_General_100_BIN2, [t] datetime2(6)"
IDENTITY = "credential = (identity = 'Managed Identity')"
URL = "https://account.dfs.core.windows.net/export"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A session of a pool with one table; its lake has one exported folder, `rows/1`."""
    folder = tmp_path_factory.mktemp("pool")
    land(Home(folder / "a-pool"), {"a": ["of another home"]})
    home = Home(folder / "a*")  # which means any text to the engine
    create_pool(home, "pool")
    database = opened(home, "pool")
    session = session_of(database)
    session.execute("create schema stage")
    session.execute(f"create table stage.t ({COLUMNS}) {HEAP}")
    yield session
    database.close()


@pytest.fixture
def pool(made):
    """The same, as at first."""
    made.database.run("delete from stage.t")
    land(Home(made.database.lake.parent), ROWS)
    return made


def land(home, columns):
    folder = home.lake / "export" / "rows" / "1"
    folder.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), folder / "part.parquet")
    (folder / "_SUCCESS").touch()


def copy(folder="rows/", options=f"file_type = 'PARQUET', {IDENTITY}"):
    return f"copy into stage.t ([a], [b], [t]) from '{URL}/{folder}' with ({options})"


def rows(pool, sql):
    (result,) = pool.execute(sql)
    return result.rows


def refused(pool, sql):
    with pytest.raises(TSqlError) as failed:
        pool.execute(sql)
    return str(failed.value)


def test_copy_into_reads_a_folder_and_what_lies_below(pool):
    pool.execute(copy())
    reported = rows(pool, "select a, b, t from stage.t order by a")
    assert reported == [(1, "Å", datetime(9999, 12, 31)), (2, "😀x", None)]
    pool.execute(copy("rows/1/"))
    assert rows(pool, "select count(*) as n from stage.t") == [(4,)]


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"a": pa.array([1, 2], pa.int32())}, "column 'a' is int32 in part.parquet and bigint"),
        ({"b": ["😀😀", "x"]}, "a value of 'b' has 4 characters, the column 3"),
        ({"c": [1, 2]}, "part.parquet has the columns a, b, t, c, not a, b, t"),
    ],
)
def test_copy_into_loads_all_or_nothing(pool, columns, said):
    land(Home(pool.database.lake.parent), ROWS | columns)
    assert said in refused(pool, copy())
    assert rows(pool, "select count(*) as n from stage.t") == [(0,)]


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        (copy("none/"), "There are no files under"),
        (copy("../../x/"), "is outside of the lake"),
        (copy("rows/*.parquet"), "The wildcard in"),
        (copy(options=f"file_type = 'CSV', {IDENTITY}"), "files other than Parquet"),
        (copy(options="file_type = 'PARQUET'"), "a CREDENTIAL other than"),
        (copy(options=f"file_type = 'PARQUET', maxerrors = 1, {IDENTITY}"), "with MAXERRORS"),
        ("update stage.t set a = 1", "The statement UPDATE"),
        ("truncate table stage.t", "The statement TRUNCATE"),
        ("merge into stage.t using stage.u on t.a = u.a when matched then delete;", "MERGE"),
        (f"create table stage.u (a int) {HEAP[:-6]}, heap, x)", "Incorrect syntax"),
        (
            "create table stage.u (a int) with (distribution = hash(z), heap)",
            "an unknown column z",
        ),
        ("create table stage.u (a int) with (heap)", "needs a DISTRIBUTION"),
        (f"create table stage.t (a int) {HEAP}", "already an object named 'stage.t'"),
        (f"create table nowhere.t (a int) {HEAP}", "does not exist"),
        ("rename object stage.u to v", "Invalid object name 'stage.u'"),
        ("create statistics s on stage.t (z)", "no column 'z'"),
        ("update statistics stage.t (s)", "no statistics 's'"),
        ("begin transaction; drop table stage.t; commit transaction", "not allowed inside"),
        ("begin transaction; delete from stage.t", "continues after its batch"),
        (f"create table stage.u (a varchar(2) collate Latin1_General_CI_AS) {HEAP}", "collation"),
        ("insert into stage.t ([a], [z]) select 1, 2", "Invalid column name 'z'"),
        ("insert into stage.t ([a]) select 1, 2", "as many items"),
        ("insert into stage.t ([b]) select N'abcd'", "would be truncated"),
        ("delete from stage.t where z = 1", "Invalid column name 'z'"),
        ("drop table stage.u", "does not exist"),
    ],
)
def test_refused(pool, sql, said):
    assert said in refused(pool, sql)
    assert rows(pool, "select count(*) as n from stage.t") == [(0,)]


def test_table_made_of_a_query_keeps_types_and_layout_through_a_rename(pool):
    pool.execute(copy())
    pool.execute("exec('create view stage.v as select [a], [b], [t] from stage.t')")
    pool.execute(
        "exec('create table stage.new with (distribution = hash(a), clustered columnstore index, "
        "partition (a range right for values (1, 2))) as (select * from stage.v)')"
    )
    pool.execute("create statistics of_a on stage.new (a)")
    pool.execute("drop view stage.v")
    pool.execute("rename object stage.new to served")
    pool.execute("update statistics stage.served (of_a)")
    asked = (
        "select data_type, character_maximum_length from INFORMATION_SCHEMA.COLUMNS"
        " where table_name = 'served' order by ordinal_position"
    )
    assert rows(pool, asked) == [("bigint", None), ("nvarchar", 3), ("datetime2", None)]
    kept = "select distribution, indexing, partitioned from stand_in.tables where name = 'served'"
    assert pool.database.rows(kept) == [
        ("HASH(a)", "CLUSTERED COLUMNSTORE INDEX", "a RANGE RIGHT FOR VALUES (1, 2)")
    ]


def test_query_computes_as_tsql_does(pool):
    pool.execute(copy())
    asked = "select a / 2, len(b), datalength(b), cast(t as date) from stage.t order by a"
    assert rows(pool, asked) == [(0, 1, 2, date(9999, 12, 31)), (1, 3, 6, None)]
    assert rows(pool, "select a from stage.t where b = N'Å '") == [(1,)]
    assert rows(pool, "select a from stage.t where b = N'å'") == []


def test_table_made_of_a_query_has_the_types_that_tsql_computes(pool):
    pool.execute(
        f"create table stage.made {HEAP} as select a / 2.0 as half, cast('é' as char(3)) as c, "
        "avg(a) as mean from stage.t group by a"
    )
    asked = (
        "select data_type, character_maximum_length, numeric_precision, numeric_scale"
        " from INFORMATION_SCHEMA.COLUMNS where table_name = 'made' order by ordinal_position"
    )
    assert rows(pool, asked) == [
        ("decimal", None, 26, 6),
        ("char", 3, None, None),
        ("bigint", None, None, None),
    ]
    pool.execute("insert into stage.made ([half], [c]) select 1.0000005, 'a'")
    assert rows(pool, "select half, c + '|' from stage.made") == [(Decimal("1.000001"), "a  |")]
    pool.execute("drop table stage.made")


def test_transaction_is_all_or_nothing(pool):
    pool.execute(copy())
    replaced = (
        "begin transaction; delete from stage.t where a in (select a from stage.t where a > 1)"
        " option (label = 'x'); insert into stage.t ([a], [b]) select [a] + {}, [b] from stage.t"
        " option (label = 'x'); commit transaction;"
    )
    pool.execute(replaced.format(5))
    assert rows(pool, "select a from stage.t order by a") == [(1,), (6,)]
    refused(pool, replaced.format("[none]"))
    assert rows(pool, "select a from stage.t order by a") == [(1,), (6,)]


def test_scripts_run_again_change_nothing_and_grant_little(pool):
    for _ in range(2):
        for name in ("02_schemas.sql", "03_roles.sql"):
            run_script(pool, (SCRIPTS / name).read_text(), {})
    granted = pool.database.rows("select grantee, permission, securable from stand_in.permissions")
    assert [row[1:] for row in granted if row[0] == "pool_reader"] == [
        ("SELECT", "SCHEMA::serving")
    ]
    loader = {row[1:] for row in granted if row[0] == "pool_loader"}
    assert ("ADMINISTER DATABASE BULK OPERATIONS", "") in loader and len(loader) == 12
    assert not any("CONTROL" in permission for permission, _ in loader)
