"""The dedicated pool, through unmodified dbt-databricks and dbt-synapse: it has what gold has."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion.home import PROJECT_ROOT
from medallion.serving.contract import Table
from support.dedicated_pool import TABLES, LoadedPool, loaded_pool
from support.published_tables import differing_rows

BY_NAME = {table.name: table for table in TABLES}
PLAYS, MART = "silver.fct_streams", "gold.mart_daily_listening"
COLUMNS = [column.name for column in BY_NAME["fct_streams"].columns]
MOVED = {"stream_id": "stream_id + 10", "date_key": "20250104", "listen_duration_sec": "null"}
CHANGES = [
    f"update {PLAYS} set listen_duration_sec = 99 where date_key = 20250101",
    f"delete from {PLAYS} where date_key = 20250102",
    f"insert into {PLAYS} select {', '.join(MOVED.get(name, name) for name in COLUMNS)}"
    f" from {PLAYS} where date_key = 20250103",
    f"update {MART} set subscription_type = null where date_day = date'2025-01-03'",
    "delete from silver.dim_track where track_id = 1",
    "update silver.dim_user set country = null where user_id = 2",
]
CHANGED = ["dim_track", "dim_user", "fct_streams", "mart_daily_listening"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A pool that was loaded twice, the second time from corrected gold; what was exported."""
    with loaded_pool(tmp_path_factory.mktemp("pool")) as opened:
        opened.export()
        opened.build("--exclude-resource-type", "test")
        first = {table.name: differences(opened, table) for table in TABLES}
        layouts = opened.pool("select name from sys.tables")
        for change in CHANGES:
            opened.warehouse.run(change)
        exported = opened.export()
        opened.build()
        yield opened, first, exported, layouts


def differences(opened: LoadedPool, table: Table) -> str:
    return differing_rows(opened.served(table), opened.gold(table))


@pytest.mark.parametrize("name", BY_NAME)
def test_first_load_has_exactly_the_rows_of_gold(loaded, name):
    assert loaded[1][name] == ""


@pytest.mark.parametrize("name", BY_NAME)
def test_increment_has_exactly_the_rows_of_corrected_gold(loaded, name):
    """Corrected, deleted and new rows, and a day that lost its last play."""
    assert (reported := differences(loaded[0], BY_NAME[name])) == "", reported


def test_only_what_changed_is_exported_and_loaded_again(loaded):
    opened, _, exported, _ = loaded
    assert exported == sorted([*CHANGED, "manifest"])
    days = opened.pool(
        "select distinct [_slice], [_export_id] from serving.fct_streams order by [_slice]"
    )
    assert [day for day, _ in days] == [20250101, 20250103, 20250104]
    first, second = days[1][1], days[0][1]
    assert first < second and days[2][1] == second
    staged = opened.pool("select count(*) as n from stage.fct_streams")
    assert staged == [(2,)]


def test_no_other_object_remains_beside_the_tables(loaded):
    """Neither backups nor temporary tables and views of dbt's."""
    opened, *_, layouts = loaded
    assert sorted(name for (name,) in layouts) == sorted(
        [*BY_NAME, *BY_NAME, "manifest", "exports"]
    )
    assert opened.pool("select name from sys.views") == []


def test_every_pooled_table_has_a_model():
    folder = PROJECT_ROOT / "models" / "serving" / "dedicated" / "tables"
    assert {file.stem for file in folder.glob("*.sql")} == {f"pool__{name}" for name in BY_NAME}
    assert {file.stem for file in folder.glob("*.yml")} == {f"pool__{name}" for name in BY_NAME}


def test_file_of_another_type_fails_the_load_and_leaves_the_table(loaded):
    opened, *_ = loaded
    (file,) = (opened.home.lake / "export" / "dim_device").glob("*/*.parquet")
    table = pq.read_table(file)
    columns = {name: table[name] for name in table.column_names}
    pq.write_table(pa.table(columns | {"device_key": pa.array([1, 2, 3], pa.int64())}), file)
    before = opened.served(BY_NAME["dim_device"])
    said = opened.failure("--select", "pool__dim_device")
    assert (
        "COPY INTO stage.dim_device: column 'device_key' is int64 in part-00000.snappy.parquet and "
        "nvarchar in the table: export it with the contract's type." in said
    )
    assert opened.served(BY_NAME["dim_device"]) == before
