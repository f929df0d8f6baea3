"""The warehouse's SQL, in the dialect of dbt-databricks."""

import datetime
import json
import re
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from support.warehouse_sql import a_warehouse

LAKE = "abfss://{}@account.dfs.core.windows.net/{}"


warehouse = a_warehouse(
    "create schema s",
    engines=None,
)


@pytest.fixture
def landing(warehouse, request):
    """A folder of the lake, its URL, and a function that lands a Parquet file in it."""
    name = request.node.name
    folder = warehouse.home.lake / "bronze" / name
    folder.mkdir(parents=True)

    def land(file: str, **columns):
        pq.write_table(pa.table(columns), folder / file)

    return folder, LAKE.format("bronze", name), land


def test_a_failed_replacement_leaves_the_table(warehouse):
    warehouse.run("create or replace table s.kept as select id from range(5)")
    message = warehouse.fails("create or replace table s.kept as select 1 / (id - 4) from s.kept")
    assert "zero" in message
    assert warehouse.rows("select count(*), max(id) from s.kept") == [(5, 4)]


def test_a_table_can_be_replaced_from_itself(warehouse):
    warehouse.run("create or replace table s.self as select id from range(5)")
    warehouse.run("create or replace table s.self as select id, id * 2 as twice from s.self")
    assert warehouse.rows("select sum(twice) from s.self") == [(20,)]


def test_a_clone_is_independent_of_its_source(warehouse):
    warehouse.run(
        "create table s.first partitioned by (part) tblproperties ('delta.appendOnly' = 'false') "
        "as select id, id % 2 as part from range(6)"
    )
    warehouse.run("create or replace table s.second shallow clone s.first")
    warehouse.run("delete from s.second where id > 2")
    warehouse.run("update s.first set id = id + 10")
    warehouse.run("insert into s.second values (9, 1)")
    assert warehouse.rows("select id from s.first order by id") == [(n,) for n in range(10, 16)]
    assert warehouse.rows("select id from s.second order by id") == [(0,), (1,), (2,), (9,)]
    warehouse.run("create or replace table s.second deep clone s.first")
    assert warehouse.rows("select min(id), count(*) from s.second") == [(10, 6)]
    shown = dict(warehouse.rows("show tblproperties s.second"))
    assert shown["delta.appendOnly"] == "false"


def test_a_relation_that_cannot_be_cloned_is_refused(warehouse):
    url = LAKE.format("gold", "cloned")
    warehouse.run("create view s.seen as select 1 as one")
    warehouse.run(f"create table s.outside location '{url}' as select 1 as one")
    assert "is a view" in warehouse.fails("create table s.c shallow clone s.seen")
    assert "is external" in warehouse.fails("create table s.c shallow clone s.outside")
    warehouse.run("create table s.first_clone clone s.outside version as of 0")
    shown = "select operation from (describe history s.first_clone)"
    assert warehouse.rows(shown) == [("CLONE",)]
    assert "cannot be found" in warehouse.fails("create table s.c shallow clone s.nothing")
    warehouse.run("create table s.c deep clone s.outside")
    assert "already exists" in warehouse.fails("create table s.c deep clone s.outside")
    warehouse.run("create table if not exists s.c deep clone s.outside")
    assert warehouse.rows("select * from s.c") == [(1,)]


def test_an_unsupported_statement_is_named(warehouse):
    assert "does not support: undrop table s.x" in warehouse.fails("undrop table s.x")
    assert "frobnicate" in warehouse.fails("frobnicate s.x")


def test_merge_casts_and_counts(warehouse):
    warehouse.run("create or replace table s.m (id int, name string, at timestamp)")
    warehouse.run("insert into s.m values (1, 'a', '2024-01-01'), (2, 'b', null)")
    warehouse.run(
        "merge into medallion.s.m as t using "
        "(select cast(2 as bigint) as id, 'c' as name, timestamp '2024-01-02 00:00:00' as at "
        "union all select 3, 'd', null) as s on t.id <=> s.id "
        "when matched and s.name = 'x' then delete "
        "when matched then update set * when not matched then insert *"
    )
    assert warehouse.rows("select id, name from s.m order by id") == [(1, "a"), (2, "c"), (3, "d")]


def test_merge_reads_its_source_once_and_commits_nothing_for_no_rows(warehouse):
    warehouse.run("create or replace table s.once as select id, 'old' as v from range(3)")
    folder = warehouse.rows(
        "select storage_path from system.information_schema.tables where table_name = 'once'"
    )[0][0]
    before = DeltaTable(folder).version()
    merge = (
        "merge into s.once as t using (select id + 1, 'new' from s.once where id > {}) as c(id, v) "
        "on t.id = c.id when matched then update set * when not matched then insert *"
    )
    warehouse.run(merge.format(2))
    assert DeltaTable(folder).version() == before
    warehouse.run(merge.format(1))
    warehouse.run(merge.format(2))
    warehouse.run("create or replace temporary view nothing as select id from s.once where false")
    warehouse.run(
        "merge into s.once as t using nothing as c on t.id = c.id "
        "when not matched by source and t.id = 0 then delete"
    )
    assert DeltaTable(folder).version() == before + 3
    assert warehouse.rows("select * from s.once order by id") == [
        (1, "old"), (2, "old"), (3, "new"), (4, "new"),
    ]  # fmt: skip


def test_merge_reads_only_the_partitions_of_its_source(warehouse):
    """It succeeds although the files of another partition are gone."""
    location = f"{warehouse.home.lake}/gold/parted"
    url = LAKE.format("gold", "parted")
    warehouse.run(
        f"create table s.parted partitioned by (day) location '{url}' as "
        "select cast(id as int) as id, cast(nullif(id % 4, 3) as int) as day from range(8)"
    )
    merge = (
        "merge into s.parted as t using (select {} as id, {} as day union all select 5, null) as n "
        "on t.id = n.id and t.day = n.day when matched then delete when not matched then insert *"
    )
    warehouse.run(merge.format(9, "cast(1 as bigint)"))  # another type than the target's
    gone = list(Path(location).glob("day=0/*.parquet"))
    kept = [file.rename(file.with_suffix(".kept")) for file in gone]
    warehouse.run(merge.format(5, 1))
    for file in kept:
        file.rename(file.with_suffix(".parquet"))
    assert gone and warehouse.rows("select id, day from s.parted order by id, day") == [
        (0, 0), (1, 1), (2, 2), (3, None), (4, 0), (5, None), (5, None), (6, 2), (7, None), (9, 1),
    ]  # fmt: skip


def test_merge_with_null_safe_equality_matches_null(warehouse):
    warehouse.run(
        "create table s.nulls partitioned by (day) as "
        "select * from values (1, 1), (2, null) as r(id, day)"
    )
    merge = (
        "merge into s.nulls t using (select * from values {} as n(id, day)) n "
        "on n.day <=> t.day and (t.id <=> n.id) "
        "when matched then delete when not matched then insert *"
    )
    warehouse.run(merge.format("(2, null), (1, 2)"))
    assert warehouse.rows("select * from s.nulls order by id, day") == [(1, 1), (1, 2)]
    warehouse.run(merge.format("(1, 1), (3, 3)"))
    assert warehouse.rows("select * from s.nulls order by id, day") == [(1, 2), (3, 3)]


def test_clustered_table_is_written_sorted(warehouse):
    location, url = warehouse.home.lake / "gold" / "sorted", LAKE.format("gold", "sorted")
    rows = "select 50 - id as id, cast(id % 3 as string) as part from range({}, {})"
    warehouse.run(
        f"create table s.sorted cluster by (part, id) location '{url}' as {rows.format(0, 20)}"
    )
    warehouse.run(f"insert into s.sorted {rows.format(20, 50)}")
    files = [pq.read_table(file).to_pylist() for file in location.glob("*.parquet")]
    assert sorted(map(len, files)) == [20, 30]
    for file in files:
        assert file == sorted(file, key=lambda row: (row["part"], row["id"]))


def test_digits_and_other_texts_become_the_same_numbers(warehouse):
    """Plain digits take another way than signs, blanks and long texts (sail/casts.py)."""
    converted = "select text, conv(text, 16, 10) from values {} as v(text)"
    values = "('0'), ('00ff'), ('FFFFFFFFFFFFFFF'), ('FFFFFFFFFFFFFFFF'), ('-1'), ('zz'), ('')"
    assert dict(warehouse.rows(converted.format(values))) == {
        "0": "0",
        "00ff": "255",
        "F" * 15: str(16**15 - 1),
        "F" * 16: str(16**16 - 1),
        "-1": str(16**16 - 1),
        "zz": "0",
        "": None,
    }
    values = "('007'), ('123'), (' 45 '), ('-6'), ('7.5'), ('999')"
    cast = "select text, cast(text as decimal(3, 0)) from values {} as v(text)"
    found = {text: int(number) for text, number in warehouse.rows(cast.format(values))}
    assert found == {"007": 7, "123": 123, " 45 ": 45, "-6": -6, "7.5": 8, "999": 999}
    assert "NUMERIC_VALUE_OUT_OF_RANGE" in warehouse.fails(cast.format("('1000')"))
    assert "CAST_INVALID_INPUT" in warehouse.fails(cast.format("('12x')"))


def test_replace_on_is_one_commit(warehouse):
    warehouse.run("create or replace table s.r as select id, 'old' as v from range(3)")
    folder = warehouse.rows(
        "select storage_path from system.information_schema.tables where table_name = 'r'"
    )[0][0]
    before = DeltaTable(folder).version()
    warehouse.run(
        "insert into table medallion.s.r as target replace on (target.`id` <=> temp.`id`) "
        "(select id, v from values (1, 'new'), (1, 'newer'), (9, 'new') as x(id, v)) as temp"
    )
    assert DeltaTable(folder).version() == before + 1
    assert warehouse.rows("select id, v from s.r order by id, v") == [
        (0, "old"), (1, "new"), (1, "newer"), (2, "old"), (9, "new"),
    ]  # fmt: skip


def test_not_null_is_enforced(warehouse):
    warehouse.run("create or replace table s.n as select 1 as id, 'a' as name")
    warehouse.run("alter table s.n change column `id` set not null")
    assert "NOT NULL" in warehouse.fails("insert into s.n values (null, 'b')")
    assert "NOT NULL" in warehouse.fails("update s.n set id = null")
    assert warehouse.rows("select * from s.n") == [(1, "a")]


def test_an_external_table_is_plain_delta_in_the_lake(warehouse):
    url = LAKE.format("gold", "e")
    warehouse.run(f"create or replace table s.e location '{url}' as select 1 as a")
    warehouse.run(
        f"create or replace table s.e using delta partitioned by (day) location '{url}' "
        "as select date '2024-01-01' as day, 1 as b"
    )
    table = DeltaTable(warehouse.home.lake / "gold" / "e")
    assert table.version() == 1
    assert table.protocol().min_reader_version == 1
    assert table.metadata().partition_columns == ["day"]
    assert warehouse.rows("select * from s.e") == [(datetime.date(2024, 1, 1), 1)]


def test_known_properties_are_kept_and_others_refused(warehouse):
    properties = {"delta.enableRowTracking": "false", "delta.checkpointPolicy": "classic"}
    properties_sql = ", ".join(f"'{key}' = '{value}'" for key, value in properties.items())
    warehouse.run(
        f"create or replace table s.as_is tblproperties ({properties_sql}) as select 1 as a"
    )
    assert properties.items() <= dict(warehouse.rows("show tblproperties s.as_is")).items()
    unknown = properties_sql.replace("RowTracking", "Telepathy")
    refused = warehouse.fails(f"create table s.other tblproperties ({unknown}) as select 1 as a")
    assert "[DELTA_UNKNOWN_CONFIGURATION]" in refused and "enableTelepathy" in refused


def test_insert_overwrite_directory_replaces_a_folder_of_parquet(warehouse):
    url = LAKE.format("export", "rows/1")
    write = f"insert overwrite directory '{url}' using parquet select {{}} as name from range({{}})"
    warehouse.run(write.format("id, 'a'", 3))
    warehouse.run(write.format("id, 'b'", 2))
    folder = warehouse.home.lake / "export" / "rows" / "1"
    assert pq.read_table(folder).to_pydict() == {"id": [0, 1], "name": ["b", "b"]}
    assert "zero" in warehouse.fails(write.format("1 / id", 2))
    assert pq.read_table(folder).num_rows == 2
    warehouse.run(write.format("id, 'd'", 0))
    assert pq.read_table(folder).schema.names == ["id", "name"]
    refused = warehouse.fails(f"insert overwrite directory '{url}' using csv select 1 as one")
    assert "does not support" in refused


def test_a_cte_hides_a_table_and_a_view_is_read_in_its_own_schema(warehouse):
    warehouse.run("create or replace table s.users as select 1 as id")
    warehouse.run("create or replace view s.shown as with users as (select * from s.users) "
                  "select * from users")  # fmt: skip
    assert warehouse.rows("with users as (select 7 as id) select * from users") == [(7,)]
    assert warehouse.rows(
        "with users as (select 7 as id) select shown.id from medallion.s.shown, users"
    ) == [(1,)]


def test_describe_as_json_and_docs_queries(warehouse):
    warehouse.run("create or replace view s.d (`id` comment 'its key') as select 1 as id")
    described = json.loads(warehouse.rows("describe table extended s.d as json")[0][0])
    assert described["columns"][0]["type"] == {"name": "int"}
    shown = warehouse.rows("show table extended in medallion.s like 'd|nothing'")
    assert [row[1] for row in shown] == ["d"]
    assert warehouse.rows("select current_catalog()") == [("medallion",)]


def test_read_files_matches_casts_and_ignores(warehouse, landing):
    folder, url, land = landing
    query = (
        f"select *, _metadata.file_name as f from read_files('{url}', format => 'parquet', "
        "schema => 'id BIGINT, at TIMESTAMP, day DATE, missing STRING')"
    )
    assert warehouse.rows(query) == []
    at = datetime.datetime(2024, 1, 1, 12, 30)
    land("1.parquet", ID=pa.array([1], pa.int32()), At=pa.array([at], pa.timestamp("ns")), more=[1])
    land("2.parquet", id=["2"], at=["2024-01-02 00:00:00.1234567"], day=["2024-01-02"])
    for hidden in ("_x.parquet", ".y.parquet", "z.parquet.tmp", "w.partial"):
        (folder / hidden).write_bytes(b"not read")
    found = warehouse.rows(query + " order by id")
    assert [(row[0], row[2], row[3], row[4]) for row in found] == [
        (1, None, None, "1.parquet"),
        (2, datetime.date(2024, 1, 2), None, "2.parquet"),
    ]
    assert found[0][1] == at.replace(tzinfo=datetime.UTC)
    assert found[1][1].microsecond == 123456


def test_read_files_reads_csv(warehouse, landing):
    folder, url, _ = landing
    (folder / "a.csv").write_text('name,price\n"x, y",1.50\n"",\n')
    assert warehouse.rows(
        f"select name, price from read_files('{url}', format => 'csv', header => true, "
        "schema => 'name STRING, price DECIMAL(9,2)') order by price nulls last"
    )[0][0] == "x, y"  # fmt: skip


def test_read_files_refuses_a_damaged_csv_by_file_and_line(warehouse, landing):
    folder, url, _ = landing

    def query(more: str = "") -> str:
        options = f"format => 'csv', header => true, schema => 'a STRING, b STRING'{more}"
        return f"select a, b from read_files('{url}', {options})"

    rfc = """, multiLine => true, escape => '"', mode => 'FAILFAST'"""
    for content in ('a,b\n1,"x\n2,y\n', 'a,b\n1,"x\n2,"y"\n', "a,b\n1\n", 'a,b\n1,x"y\n'):
        (folder / "cut.csv").write_text(content)
        assert re.search(
            r"\[FAILED_READ_FILE\] .*/cut.csv is .*\(line 2: ", warehouse.fails(query(rfc))
        )
        assert "(line 2: " in warehouse.fails(query())
    (folder / "cut.csv").write_text('a,b\n"x\ny","5"" disk"\n')
    assert warehouse.rows(query(rfc)) == [("x\ny", '5" disk')]
    assert "follows the closing quote" in warehouse.fails(query(", multiLine => true"))
    assert "requires multiLine => true" in warehouse.fails(query(""", escape => '"'"""))
    (folder / "cut.csv").write_text('a,b\n1,"5\\" disk"\n')
    assert warehouse.rows(query()) == [("1", '5" disk')]


def test_read_files_reads_json(warehouse, landing):
    folder, url, _ = landing
    schema = "id BIGINT, ok BOOLEAN, at TIMESTAMP, `table` STRING"
    query = f"select * from read_files('{url}', format => 'json', schema => '{schema}'"
    (folder / "a").mkdir()
    (folder / "a" / "lines.json").write_text(
        '{"ID": 1, "ok": true, "at": "2026-01-01T00:00:00.1234567Z", "table": "x"}\n'
        '{"id": 18014398509481985, "more": [1]}\n'
    )
    (folder / "b.json").write_text('{"id": null, "table": 1.50}')
    at = datetime.datetime(2026, 1, 1, microsecond=123456, tzinfo=datetime.UTC)
    assert warehouse.rows(query + ") order by id nulls first") == [
        (None, None, None, "1.50"),
        (1, True, at, "x"),
        (18014398509481985, None, None, None),
    ]
    (folder / "a" / "lines.json").write_text('[{"id": 1},\n {"id": 2}]')
    lines = warehouse.rows(query + ", multiLine => true, mode => 'FAILFAST') where id is not null")
    assert [row[0] for row in lines] == [1, 2]
    assert "lines.json" in warehouse.fails(query + ")")
    for broken in ('{"id": 1', '{"id": "1"}', '{"id": 1.5}', '{"at": 1}', "1", '{"table": {}}'):
        (folder / "a" / "lines.json").write_text(broken)
        assert "a/lines.json" in warehouse.fails(query + ")"), broken
    assert "rescueddatacolumn" in warehouse.fails(query + ", rescuedDataColumn => 'x')")


def test_a_streaming_table_reads_each_file_once(warehouse, landing):
    _, url, land = landing
    stream = (
        f"STREAM read_files('{url}', format => 'parquet', allowOverwrites => true, "
        "schema => 'id BIGINT')"
    )
    land("1.parquet", id=[1, 2])
    warehouse.run("drop table if exists s.st")
    warehouse.run(
        f"create streaming table s.st (`id` bigint) comment 'c' as -- why\nselect * from {stream}"
    )
    table = DeltaTable(_folder(warehouse, "st"))
    version = table.version()
    warehouse.run("refresh streaming table s.st")
    assert DeltaTable(table.table_uri).version() == version, "nothing new, no commit"
    land("2.parquet", id=[3])
    warehouse.run("refresh streaming table s.st")
    assert warehouse.rows("select id from s.st order by id") == [(1,), (2,), (3,)]
    land("2.parquet", id=[3, 4])
    warehouse.run("refresh streaming table s.st")
    assert warehouse.rows("select count(*) from s.st") == [(5,)], "a replaced file comes again"
    warehouse.run(
        "create streaming table s.st_once as select * from "
        f"STREAM read_files('{url}', format => 'parquet', schema => 'id BIGINT')"
    )
    land("2.parquet", id=[3, 4, 5])
    warehouse.run("refresh streaming table s.st_once")
    assert warehouse.rows("select count(*) from s.st_once") == [(4,)], "unless it is not allowed to"


def test_a_batch_that_was_logged_but_not_committed_is_read_again(warehouse, landing):
    folder, url, land = landing
    land("1.parquet", id=[1])
    warehouse.run(
        "create or refresh streaming table s.crash as select * from "
        f"STREAM read_files('{url}', format => 'parquet', schema => 'id BIGINT')"
    )
    land("2.parquet", id=[2])
    status = (folder / "2.parquet").stat()
    killed = [[f"{url}/2.parquet", status.st_size, status.st_mtime_ns]]
    log = _folder(warehouse, "crash") / "_stream" / f"{1:020d}.json"
    log.write_text(json.dumps(killed))
    warehouse.run("refresh streaming table s.crash")
    assert warehouse.rows("select id from s.crash order by id") == [(1,), (2,)]
    warehouse.run("refresh streaming table s.crash")
    assert warehouse.rows("select count(*) from s.crash") == [(2,)]


def test_a_broken_file_fails_the_refresh_by_name(warehouse, landing):
    folder, url, land = landing
    land("1.parquet", id=[1])
    warehouse.run(
        "create streaming table s.broken as select * from "
        f"STREAM read_files('{url}', format => 'parquet', schema => 'id BIGINT')"
    )
    land("2.parquet", id=[2])
    whole = (folder / "2.parquet").read_bytes()
    (folder / "3.parquet").write_bytes(whole[: len(whole) // 2])
    assert "3.parquet is truncated" in warehouse.fails("refresh streaming table s.broken")
    assert warehouse.rows("select id from s.broken") == [(1,)]
    (folder / "3.parquet").unlink()
    warehouse.run("refresh streaming table s.broken")
    assert warehouse.rows("select count(*) from s.broken") == [(2,)]


def test_four_sessions_at_once(warehouse):
    warehouse.run("create or replace table s.shared (a int)")
    failures = []

    def work(number: int) -> None:
        try:
            with warehouse.connect() as own:
                for step in range(5):
                    warehouse.run(f"create or replace table s.own{number} as select {step} a", own)
                    warehouse.run(f"insert into s.shared values ({number * 10 + step})", own)
                    assert warehouse.rows(f"select a from s.own{number}", own) == [(step,)]
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert warehouse.rows("select count(distinct a), count(*) from s.shared") == [(20, 20)]


def test_large_results_are_fetched_in_parts(warehouse):
    query = "select id, repeat('x', 100) as text from range(200000)"
    assert len(warehouse.rows(query)) == 200_000


DAYS = [
    datetime.date.fromisoformat(day)
    for day in (
        *("0001-01-01", "0001-01-03", "1582-10-04", "1582-10-15", "1676-12-31", "1677-09-20"),
        *("1677-09-21", "1969-12-31", "2000-02-29", "2024-12-29", "2262-04-11", "2262-04-12"),
        *("2263-08-09", "9999-12-31"),
    )
]
FIRST_DAYS = {
    "year": lambda day: day.replace(month=1, day=1),
    "quarter": lambda day: day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1),
    "month": lambda day: day.replace(day=1),
    "week": lambda day: day - datetime.timedelta(days=day.weekday()),
    "day": lambda day: day,
}
LAST_MOMENT = datetime.time(23, 59, 59, 999999)
TIMES = {
    "hour": datetime.time(23),
    "minute": datetime.time(23, 59),
    "second": datetime.time(23, 59, 59),
    "millisecond": datetime.time(23, 59, 59, 999000),
    "microsecond": LAST_MOMENT,
}
ALIASES = {"yyyy": "year", "YY": "year", "mm": "month", "MON": "month", "dd": "day"}


def _utc(day, time=datetime.time()):
    return datetime.datetime.combine(day, time, datetime.UTC)


def _over(warehouse, call, kind, days=DAYS):
    """The results of `call` on the column `v` for the days, as DATE or as their last moments."""
    texts = [f"{day}" if kind == "date" else f"{day} {LAST_MOMENT}" for day in days]
    values = ", ".join(f"({n}, {kind} '{text}')" for n, text in enumerate(texts))
    query = f"select {call} from values {values} as days (n, v) order by n"
    return [row[0] for row in warehouse.rows(query)]


@pytest.mark.parametrize("unit", [*FIRST_DAYS, *TIMES, *ALIASES])
def test_date_trunc_is_right_in_every_year(warehouse, unit):
    known = ALIASES.get(unit, unit)
    cut = FIRST_DAYS.get(known, lambda day: day)
    midnights = [_utc(cut(day)) for day in DAYS]
    assert _over(warehouse, f"date_trunc('{unit}', v)", "date") == midnights
    moments = [_utc(cut(day), TIMES.get(known, datetime.time())) for day in DAYS]
    assert _over(warehouse, f"date_trunc('{unit}', v)", "timestamp") == moments
    computed = f"date_trunc(concat('{unit}', ''), v)"
    assert _over(warehouse, computed, "timestamp") == moments
    in_its_weeks = known in FIRST_DAYS and known != "day"
    days = [cut(day) if in_its_weeks else None for day in DAYS]
    for kind in ("date", "timestamp"):
        assert _over(warehouse, f"trunc(v, '{unit}')", kind) == days


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        # https://docs.databricks.com/sql/language-manual/functions/months_between.html
        ("months_between('1997-02-28 10:30:00', '1996-10-30')", 3.94959677),
        ("months_between('1997-02-28 10:30:00', '1996-10-30', false)", 3.9495967741935485),
        ("months_between(date'9999-12-31', date'0001-01-31')", 119987.0),
        ("months_between(timestamp'2262-05-31 10:00:00', date'2262-04-30')", 1.0),
        ("weekofyear(timestamp'9999-12-31 23:59:59')", 52),
        ("weekday(date'2024-12-29')", 6),
        ("weekday(date'0001-01-01')", 0),
        ("unix_seconds(timestamp'1969-12-31 23:59:58.5')", -2),
        ("unix_millis(timestamp'1969-12-31 23:59:59.9985')", -2),
        ("date_trunc('fortnight', timestamp'2024-01-01 00:00:00')", None),
        ("date_trunc('day', null)", None),
        ("typeof(date_trunc('day', date'2024-01-01'))", "timestamp"),
        (
            "date_trunc('week', date_trunc('month', date'2024-12-30'))",
            _utc(datetime.date(2024, 11, 25)),
        ),
    ],
)
def test_a_calendar_function_returns_the_same_as_spark(warehouse, call, expected):
    assert warehouse.rows(f"select {call}") == [(expected,)]


def test_a_calendar_function_keeps_its_name_and_groups(warehouse):
    query = (
        "select date_trunc('month', v), count(*) as n from values (date'9999-12-31') as t (v) "
        "group by date_trunc('month', v) order by date_trunc('month', v)"
    )
    with warehouse.connect().cursor() as cursor:
        cursor.execute(query)
        assert [column[0] for column in cursor.description] == ["date_trunc(month, v)", "n"]
    assert "trunc(v)" in warehouse.fails("select trunc(v) from values (1.5) as t (v)")


def test_a_date_beside_a_timestamp_far_from_now(warehouse):
    query = "select date'9999-12-31' > timestamp'2024-01-01 00:00:00'"
    assert warehouse.rows(query) == [(True,)]


def _folder(warehouse, table):
    from pathlib import Path

    found = warehouse.rows(
        f"select storage_path from system.information_schema.tables where table_name = '{table}'"
    )
    return Path(found[0][0])
