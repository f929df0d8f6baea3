"""The benchmark at scale: the landed files, the SQL in DuckDB, the measurement, and the page."""

import json
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from medallion.home import Home
from medallion_local.bench import measured, profile
from medallion_local.bench.measured import Cpu, Measured
from medallion_local.bench.scale import comparison, landing, lower_bound, page, results
from medallion_local.bench.scale.results import DAY, FIRST, NOTHING, WORST, Approach, Result, Runs
from medallion_local.data_factory import run as factory

PNG = b"\x89PNG\r\n\x1a\n"


def ingested(step: str, command: list[str], folder: Path) -> Measured:
    """The same as `measure`, without the seconds that a process needs to start."""
    assert command == ["medallion", "ingest"]
    return Measured(step, factory.ingest(Home(folder)).seconds, 1)


@pytest.fixture(scope="module")
def landed(tmp_path_factory: pytest.TempPathFactory) -> landing.Landing:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(landing, "measure", ingested)
        return landing.land(landing.Size(3000, 30, 300, 1), tmp_path_factory.mktemp("landed"))


def test_days_are_landed_beside_the_first_load(landed: landing.Landing, tmp_path: Path) -> None:
    first, day, worst = (landed.files[step] for step in ("first", "day", "worst"))
    assert first.plays == 3000 and first.rows == 3000 + 3 * 300 + 365
    assert first.plays < day.plays < worst.plays and first.bytes < day.bytes < worst.bytes
    assert worst.plays - first.plays > 3000 * landing.WORST_SHARE
    files = {
        step: {one.relative_to(lake) for one in lake.rglob("*.parquet")}
        for step, lake in landed.lakes.items()
    }
    assert files["first"] < files["day"] and files["first"] < files["worst"]
    home = Home(tmp_path)
    landing.add(landed.lakes["first"], home)
    landing.add(landed.lakes["day"], home)
    assert {one.relative_to(home.lake) for one in home.lake.rglob("*.parquet")} == files["day"]


def test_an_ordinary_day_corrects_only_the_last_week(landed: landing.Landing) -> None:
    files = landed.lakes["day"] / "bronze/azure_sql/dbo.FactStream"
    [(changed, oldest)] = duckdb.execute(
        "SELECT count(*), min(stream_timestamp)::VARCHAR FROM read_parquet(?) "
        "WHERE _operation IN (1, 3)",
        [f"{files}/*.parquet"],
    ).fetchall()
    assert changed > 0 and oldest >= "2025-10-01"


def test_a_copy_of_a_home_shares_only_its_data_files(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.warehouse.mkdir(parents=True)
    (home.warehouse / "catalog.sqlite").write_text("one")
    (home.warehouse / "part.parquet").write_text("data")
    copy = landing.copied(home, tmp_path / "copy")
    (copy.warehouse / "catalog.sqlite").write_text("two")
    assert (home.warehouse / "catalog.sqlite").read_text() == "one"
    assert (copy.warehouse / "part.parquet").samefile(home.warehouse / "part.parquet")


def test_the_models_run_in_duckdb(tmp_path: Path) -> None:
    plays = tmp_path / "lake/bronze/azure_sql/dbo.FactStream"
    lists = tmp_path / "lake/bronze/github/markets"
    receipts = tmp_path / "lake/control/receipts/one"
    for folder in (plays, lists, receipts):
        folder.mkdir(parents=True)
    pq.write_table(pa.table({"stream_id": [1, 2], "lsn": ["0xff", "0x10"]}), plays / "a.parquet")
    (lists / "run.csv").write_text("country,iso_code\nChile,CL\n")
    (receipts / "run.json").write_text('{"table": "dbo.FactStream"}\n')

    def landed(container: str, folder: str, kind: str, columns: str) -> str:
        return (
            f"from stream read_files(\n'abfss://{container}@a.dfs.core.windows.net/{folder}',\n"
            f"format => '{kind}',\nmode => 'FAILFAST',\nschema => '{columns}'\n)"
        )

    streams = landed(
        "bronze", "azure_sql/dbo.FactStream", "parquet", "stream_id bigint, lsn string"
    )
    models = {
        "silver.changes": (
            "view",
            "with landed as (select * from medallion.bronze.plays) select *, "
            "struct(*) as row, cast(conv(substr(lsn, 3, 2), 16, 10) as decimal(38, 0)) as number, "
            "dayofweek(date'2025-01-05') as day, timestamp'2025-01-05 00:00:00' as at, "
            "xxhash64(stream_id, lsn) as digest from landed",
        ),
        "bronze.plays": (
            "streaming_table",
            f"select stream_id, lsn, current_timestamp() as at {streams}",
        ),
        "bronze.markets": (
            "streaming_table",
            "select country, _metadata.file_name as _file "
            + landed("bronze", "github/markets", "csv", "country string, iso_code string"),
        ),
        "bronze.receipts": (
            "streaming_table",
            "select `table` as source_table "
            + landed("control", "receipts", "json", "`table` string, mode string"),
        ),
    }
    manifest = tmp_path / "manifest.json"
    nodes = {
        name: {
            "resource_type": "model",
            "config": {"enabled": True, "materialized": kind},
            "schema": name.partition(".")[0],
            "alias": name.partition(".")[2],
            "name": name,
            "compiled_code": sql,
            "depends_on": {"nodes": ["bronze.plays"] if kind == "view" else []},
        }
        for name, (kind, sql) in models.items()
    }
    manifest.write_text(json.dumps({"nodes": nodes}))
    lower_bound.build(manifest, tmp_path / "lake", tmp_path / "built.duckdb")
    with duckdb.connect(tmp_path / "built.duckdb") as con:
        rows = con.execute("SELECT stream_id, number, day FROM silver.changes").fetchall()
        assert sorted(rows) == [(1, 255, 1), (2, 16, 1)]
        [(row,)] = con.execute("SELECT row FROM silver.changes WHERE stream_id = 1").fetchall()
        assert row["lsn"] == "0xff"
        assert con.execute("FROM bronze.markets").fetchall() == [("Chile", "run.csv")]
        assert con.execute("FROM bronze.receipts").fetchall() == [("dbo.FactStream",)]
        kinds = con.execute('SELECT typeof("at") FROM bronze.plays LIMIT 1').fetchall()
        assert kinds == [("TIMESTAMP",)]


def test_checksums_ignore_the_order_of_rows_and_find_a_changed_value(tmp_path: Path) -> None:
    found = []
    for number, rows in enumerate(
        ("(1, 'a'), (2, NULL)", "(2, NULL), (1, 'a')", "(1, 'a'), (2, '')")
    ):
        with duckdb.connect(tmp_path / f"{number}.duckdb") as con:
            for name in comparison.names():
                con.execute(f"CREATE SCHEMA IF NOT EXISTS {name.partition('.')[0]}")
                con.execute(f"CREATE TABLE {name} AS FROM (VALUES {rows}) AS t (id, name)")
        columns = {name: {"id": "BIGINT", "name": "VARCHAR"} for name in comparison.names()}
        found.append(comparison.of_database(tmp_path / f"{number}.duckdb", columns))
    assert found[0] == found[1] != found[2]
    assert all(one.rows == 2 for one in found[0].values())


def test_cpu_time_of_the_command_is_measured(tmp_path: Path) -> None:
    busy = "import time\nwhile time.process_time() < 0.5: pass"
    one = measured.measure("busy", ["python", "-c", busy], tmp_path)
    assert one.cpu.command >= 0.5 and one.cpu.warehouse == one.cpu.engine == 0
    assert one.cpu.total == one.cpu.command


def test_statements_of_a_debug_log_are_counted_by_kind(tmp_path: Path) -> None:
    log = tmp_path / "dbt.log"
    comment = '/* {"app": "dbt"} */\n'
    statements = [
        "describe table extended `a`.`b` as json",
        "comment on column `a`.`b`.c is 'd'",
        "create or replace view v as select 1",
        "merge into t using s on true",
        "select 1",
        "select 1",
    ]
    lines = [{"info": {"name": "NewConnectionOpening", "thread": "1"}, "data": {}}]
    for sql in statements:
        query = {"conn_name": "one", "sql": comment + sql}
        lines.append({"info": {"name": "SQLQuery", "thread": "1"}, "data": query})
        status = {"elapsed": 0.25, "status": "OK"}
        lines.append({"info": {"name": "SQLQueryStatus", "thread": "1"}, "data": status})
    log.write_text("not JSON\n" + "\n".join(map(json.dumps, lines)))
    found = profile.statements(log)
    assert found.count == {
        "DESCRIBE … AS JSON": 1,
        "COMMENT ON COLUMN": 1,
        "CREATE OR REPLACE VIEW": 1,
        "MERGE INTO": 1,
        "SELECT": 2,
    }
    assert found.seconds["SELECT"] == 0.5
    assert (found.repeats, found.connections) == (1, 1)


def made(plays: int, nothing: float) -> Result:
    def runs(*cpu: float) -> Runs:
        found = Runs(bytes=2**20)
        for each in cpu:
            found.add(Measured("", each, 2**30, Cpu(1, 1, each - 2)))
        return found

    sail = {FIRST: runs(90, 100, 110), NOTHING: runs(nothing), DAY: runs(nothing + 4)}
    landed = {"first": 10, "day": 12, "worst": 15}
    return Result(
        *(plays, 90, 20_000, 1, landed, landed, landed, dict.fromkeys(landed, 1.0)),
        engines={"sail": sail | {WORST: runs(40)}, "duckdb": {FIRST: runs(50)}},
        differing={"duckdb": {FIRST: [], DAY: ["silver.dim_date"]}},
        approaches=[Approach("users_by_snapshot", DAY, 1.5, 10, 2, 3)],
        load={"sail": 1.5, "duckdb": 1.5, "spark": 1.5},
        commands={"sail": "medallion bench --size 1"},
    )


def test_the_page_keeps_other_sizes_and_engines(tmp_path: Path) -> None:
    page.report(made(1_000_000, 20), tmp_path)
    page.report(made(10_000_000, 22), tmp_path)
    again = made(10_000_000, 22)
    again.engines = {"spark": {FIRST: again.engines["sail"][FIRST]}}
    again.approaches = []
    written = page.report(again, tmp_path)
    assert {one.name for one in written} == {
        *("benchmarks.md", "benchmarks.json", "benchmarks_1.png", "benchmarks_10.png")
    }
    assert (tmp_path / "benchmarks_10.png").read_bytes().startswith(PNG)
    known = results.read(tmp_path / "benchmarks.json")
    assert set(known[10_000_000].engines) == {"sail", "duckdb", "spark"}
    text = (tmp_path / "benchmarks.md").read_text()
    ratios = {line.split(" | ")[0][2:]: line.split(" | ")[2:] for line in text.splitlines()}
    assert ratios["nothing new, CPU-s relative to 1 M plays"] == ["1.00", "1.10 |"]
    assert ratios["first build, CPU-s relative to DuckDB"] == ["2.00", "2.00 |"]
    assert ratios["first build on Spark, CPU-s relative to Sail"] == ["–", "1.00 |"]
    shares = ratios["day minus nothing new, CPU-s as a share of the first build"]
    assert shares == ["0.04", "0.04 |"]
    assert "- `medallion bench --size 1` (this project on Sail; load of the machine 1.5)" in text
    assert "day: silver.dim_date differ" in text and "| `users_by_snapshot` | day | 1.5 |" in text
    assert "| first build | this project on Sail | 3 | 90.0 | 100.0 | 110.0 |" in text
