"""Delta's statements: history, details, time travel, maintenance and layout."""

from pathlib import Path

import pytest

from support.warehouse_sql import a_warehouse

warehouse = a_warehouse(
    "create schema s",
)


@pytest.fixture(scope="module")
def changed(warehouse):
    """A partitioned table with five versions, and what each statement returned."""
    warehouse.run("create table s.t (id int, p string, v int) partitioned by (p)")
    return [
        warehouse.rows(statement)
        for statement in (
            "insert into s.t values (1, 'x', 1), (2, 'y', 2), (3, 'x', 3)",
            "update s.t set v = 9 where id = 1",
            "delete from s.t where p = 'y'",
            "merge into s.t using (select 3 as id, 'x' as p, 33 as v union all select 4, 'z', 4) n"
            " on t.id = n.id when matched then update set * when not matched then insert *",
        )
    ]


def test_each_statement_counts_its_rows(changed):
    assert changed == [[(3, 3)], [(1,)], [(1,)], [(2, 1, 0, 1)]]


def test_history_names_the_operations(warehouse, changed):
    rows = warehouse.rows("select version, operation, readVersion from (describe history s.t)")
    assert rows == [
        (4, "MERGE", 3),
        (3, "DELETE", 2),
        (2, "UPDATE", 1),
        (1, "WRITE", 0),
        (0, "CREATE TABLE", None),
    ]
    [newest] = warehouse.rows("describe history s.t limit 1")
    assert newest[0] == 4 and len(newest) == 15
    [(metrics,)] = warehouse.rows(
        "select operationMetrics['numOutputRows'] from (describe history s.t) where version = 1"
    )
    assert metrics == "3"


def test_details_have_databricks_columns(warehouse, changed):
    with warehouse.connect().cursor() as cursor:
        cursor.execute("describe detail s.t")
        [row] = [row.asDict() for row in cursor.fetchall()]
    assert (row["format"], row["name"]) == ("delta", "medallion.s.t")
    assert list(row["partitionColumns"]) == ["p"]
    assert (row["numFiles"], row["minReaderVersion"], row["minWriterVersion"]) == (2, 1, 2)
    assert set(row) >= {"clusteringColumns", "tableFeatures", "statistics", "clusterByAuto"}


def test_an_older_version_is_read_by_number_and_by_time(warehouse, changed):
    first = [(1, "x", 1), (2, "y", 2), (3, "x", 3)]
    assert warehouse.rows("select * from s.t version as of 1 order by id") == first
    assert warehouse.rows("select n.* from s.t@v1 n order by id") == first
    [(time,)] = warehouse.rows("select timestamp from (describe history s.t) where version = 1")
    assert warehouse.rows(f"select * from s.t timestamp as of '{time}' order by id") == first
    assert "[DELTA_VERSION_NOT_FOUND]" in warehouse.fails("select * from s.t version as of 77")
    for year, name in ((2000, "EARLIER_THAN_COMMIT_RETENTION"), (2999, "GREATER_THAN_COMMIT")):
        query = f"select * from s.t timestamp as of '{year}-01-01'"
        assert f"[DELTA_TIMESTAMP_{name}]" in warehouse.fails(query)


def test_restore_returns_to_a_version_until_vacuum_removes_its_files(warehouse):
    warehouse.run("create table s.r as select id from range(3)")
    warehouse.run("delete from s.r")
    warehouse.run("insert into s.r values (7)")
    [numbers] = warehouse.rows("restore table s.r to version as of 0")
    assert (numbers[1], numbers[2], numbers[3]) == (1, 1, 1)
    assert warehouse.rows("select count(*) from s.r") == [(3,)]
    assert "RETENTION" in warehouse.fails("vacuum s.r retain 0 hours").upper()
    assert warehouse.rows("vacuum s.r dry run") == []
    warehouse.run(
        "alter table s.r set tblproperties ('delta.deletedFileRetentionDuration' = '0 hours')"
    )
    [(gone,)] = warehouse.rows("vacuum s.r retain 0 hours dry run")
    assert Path(gone).exists()
    warehouse.run("vacuum s.r retain 0 hours")
    assert not Path(gone).exists()
    assert "removed by VACUUM" in warehouse.fails("restore s.r to version as of 2")
    assert warehouse.rows("select count(*) from s.r") == [(3,)]


def test_a_clustered_table_shows_its_columns_and_is_optimized_once(warehouse):
    warehouse.run("create table s.c cluster by (id) as select id, id % 2 as k from range(4)")
    warehouse.run("optimize s.c")
    warehouse.run("optimize s.c")
    shown = "select operation from (describe history s.c)"
    assert warehouse.rows(shown) == [("OPTIMIZE",), ("CREATE TABLE AS SELECT",)]
    assert dict(warehouse.rows("show tblproperties s.c"))["clusteringColumns"] == '[["id"]]'
    warehouse.run("alter table s.c cluster by (k, id)")
    assert dict(warehouse.rows("show tblproperties s.c"))["clusteringColumns"] == '[["k"],["id"]]'
    warehouse.run("alter table s.c cluster by auto")
    assert dict(warehouse.rows("show tblproperties s.c"))["clusterByAuto"] == "true"
    warehouse.run("alter table s.c cluster by none")
    assert not dict(warehouse.rows("show tblproperties s.c")).keys() & {"clusteringColumns"}
    assert warehouse.rows("select sum(id) from s.c") == [(6,)]
    assert "[DELTA_COLUMN_NOT_FOUND" in warehouse.fails("alter table s.c cluster by (nothing)")
    assert "[SPECIFY_CLUSTER_BY_WITH" in warehouse.fails(
        "create table s.d partitioned by (a) cluster by (b) as select 1 as a, 2 as b"
    )


def test_analyze_counts_rows(warehouse):
    warehouse.run("create table s.counted as select id from range(5)")
    warehouse.run("analyze table s.counted compute statistics for all columns")
    facts = {row[0]: row[1] for row in warehouse.rows("describe extended s.counted")}
    assert facts["Statistics"].endswith(" bytes, 5 rows")


def test_table_changes_shows_what_each_commit_changed(warehouse):
    warehouse.run(
        "create table s.feed (id int, p string, v int) partitioned by (p) "
        "tblproperties ('delta.enableChangeDataFeed' = 'true')"
    )
    for statement in (
        "insert into s.feed values (1, 'x', 1), (2, 'y', 2), (3, 'x', 3)",
        "update s.feed set v = 9 where id = 1",
        "delete from s.feed where p = 'y'",
        "merge into s.feed t using (select 3 as id, 'x' as p, 33 as v union all select 4, 'z', 4) n"
        " on t.id = n.id when matched then update set * when not matched then insert *",
    ):
        warehouse.run(statement)
    columns = "_commit_version, _change_type, id, v"
    query = f"select {columns} from table_changes('s.feed', {{}}) order by 1, 3, 2 desc"
    assert warehouse.rows(query.format("0")) == [
        (1, "insert", 1, 1), (1, "insert", 2, 2), (1, "insert", 3, 3),
        (2, "update_preimage", 1, 1), (2, "update_postimage", 1, 9),
        (3, "delete", 2, 2),
        (4, "update_preimage", 3, 3), (4, "update_postimage", 3, 33), (4, "insert", 4, 4),
    ]  # fmt: skip
    assert len(warehouse.rows(query.format("2, 3"))) == 3
    assert "[DELTA_INVALID_CDC_RANGE]" in warehouse.fails(query.format("99"))
    warehouse.run("create table s.silent as select 1 as id, 1 as v")
    silent = query.replace("s.feed", "s.silent").format("0")
    assert "[DELTA_MISSING_CHANGE_DATA]" in warehouse.fails(silent)
    warehouse.run(
        "alter table s.silent set tblproperties "
        "('delta.enableChangeDataFeed' = 'true', 'delta.checkpointInterval' = '20')"
    )
    warehouse.run("insert into s.silent values (2, 2)")
    rows = warehouse.rows(query.replace("s.feed", "s.silent").format("1"))
    assert rows == [(2, "insert", 2, 2)]


def test_an_iceberg_table_shows_its_format(warehouse):
    warehouse.run("create table s.ice partitioned by (day) using iceberg as select 1 as day")
    warehouse.run(
        "merge into s.ice t using (select 2 as day) n on t.day = n.day "
        "when not matched then insert *"
    )
    facts = {row[0]: row[1] for row in warehouse.rows("describe extended s.ice")}
    assert facts["Provider"] == "iceberg"
    shown = "select data_source_format from information_schema.tables where table_name = 'ice'"
    assert warehouse.rows(shown) == [("ICEBERG",)]
    assert ("clusteringColumns", '[["day"]]') in warehouse.rows("show tblproperties s.ice")
    assert "needs a LOCATION" in warehouse.fails("create table s.csv (id int) using csv")
    assert "does not support" in warehouse.fails("create table s.csv (id int) using text")


def test_a_new_constraint_counts_the_rows_that_violate_it(warehouse):
    warehouse.run("create table s.old as select * from values (1, null), (-1, 'a') t(id, name)")
    message = warehouse.fails("alter table s.old alter column name set not null")
    assert "1 rows in medallion.s.old violate the new NOT NULL constraint on name" in message
    message = warehouse.fails("alter table s.old add constraint c check (id > 0)")
    assert "1 rows in medallion.s.old violate the new CHECK constraint (id > 0)" in message


def test_a_parquet_table_has_no_delta_statements(warehouse):
    place = "location 'abfss://external@account.dfs.core.windows.net/formats/pq'"
    warehouse.run(f"create table s.pq using parquet {place} as select 1 as id")
    warehouse.run("insert into s.pq values (2)")
    warehouse.run("insert overwrite s.pq select id from s.pq where id = 2")
    assert warehouse.rows("select * from s.pq") == [(2,)]
    facts = {row[0]: row[1] for row in warehouse.rows("describe extended s.pq")}
    assert (facts["Provider"], facts["Type"]) == ("parquet", "EXTERNAL")
    for statement in (
        "update s.pq set id = 3",
        "delete from s.pq",
        "describe history s.pq",
        "optimize s.pq",
        "select * from s.pq version as of 0",
    ):
        assert "DELTA_ONLY_OPERATION" in warehouse.fails(statement)
    warehouse.run("drop table s.pq")
    assert "needs a LOCATION" in warehouse.fails("create table s.pq (id int) using parquet")
    assert "does not support" in warehouse.fails(
        f"create or replace table s.pq (id int) using parquet {place}"
    )


URL = "abfss://external@account.dfs.core.windows.net/formats"


@pytest.mark.parametrize("kind", ["csv", "json", "orc"])
def test_a_table_of_files_is_created_and_appended_to(warehouse, kind):
    """dbt-databricks' suite has incremental models of CSV files."""
    place = f"using {kind} location '{URL}/{kind}'"
    for create in (f"s.f {place} as select 1 as id, '' as k", f"s.f (id int, k string) {place}"):
        warehouse.run(f"create table {create}")
        warehouse.run("insert into s.f values (2, null)")
        assert (1, "") in warehouse.rows("select * from s.f")
        assert "DELTA_ONLY_OPERATION" in warehouse.fails("delete from s.f")
        warehouse.run("drop table s.f")
    if kind == "csv":
        nested = f"create table s.f using csv location '{URL}/nested' as select array(1) as a"
        assert "UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE" in warehouse.fails(nested)


def test_a_location_keeps_the_rows_that_it_has(warehouse):
    place = f"location '{URL}/kept'"
    warehouse.run(f"create table s.k (id int, d string) partitioned by (d) {place}")
    warehouse.run("insert into s.k values (1, 'a')")
    warehouse.run("drop table s.k")
    for columns in ("", "(id int, d string) partitioned by (d)"):
        warehouse.run(f"create table s.k {columns} {place}")
        warehouse.run("insert overwrite s.k partition (d = 'b') select 2")
        assert warehouse.rows("select * from s.k order by id") == [(1, "a"), (2, "b")]
        warehouse.run("drop table s.k")
    for columns in ("(id string, d string) partitioned by (d)", "(id int, d string)"):
        message = warehouse.fails(f"create table s.k {columns} {place}")
        assert "DELTA_CREATE_TABLE_SCHEME_MISMATCH" in message
    assert "DELTA_PATH_EXISTS" in warehouse.fails(f"create table s.k {place} as select 3 as id")
    folder = warehouse.home.lake / "external" / "formats" / "foreign"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("id\n1\n", encoding="utf-8")
    foreign = f"create table s.x (id int) using {{}} location '{URL}/foreign'"
    for kind in ("delta", "csv"):
        assert "NON_EMPTY_LOCATION" in warehouse.fails(foreign.format(kind))
