"""The views of Synapse after a build: they have exactly the rows of gold and the dimensions."""

import json
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner

from medallion.cli import app
from medallion.home import PROJECT_ROOT, Home
from medallion.serving import models
from medallion.serving.contract import served_tables
from medallion_local.synapse import grammar
from medallion_local.synapse.check.log import read_log
from medallion_local.synapse.database import Database
from medallion_local.synapse.projection import oddities
from medallion_local.synapse.queries import compiled
from medallion_local.synapse.run import DATABASE, ODBC
from medallion_local.synapse.session import Session
from medallion_local.synapse.statements import statements
from support.lakehouse import DAY_1, Lakehouse
from support.published_tables import connected, differing_rows
from support.vault_servers import certificates_in, clean_environment, vault_servers

TABLES = served_tables()
PARTITIONED = {
    "mart_daily_listening": "date_day",
    "mart_top_tracks_weekly": "week_start",
    "mart_top_artists_weekly": "week_start",
}
EACH = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)


@pytest.fixture(scope="module")
def built(lakehouse):
    """A lakehouse after two days, and the views over it, created by dbt-synapse."""
    lakehouse.at(DAY_1)
    lakehouse.run(["medallion", "synapse", "up"])
    return lakehouse


@pytest.fixture(scope="module")
def pool(built):
    database = Database(Home(built.home), DATABASE, read_only=True)
    yield Session(database)
    database.close()


@pytest.fixture(scope="module")
def warehouse(built):
    with connected(built.home) as connection:
        yield connection


def plain(value):
    return value.astimezone(UTC).replace(tzinfo=None) if isinstance(value, datetime) else value


def test_a_home_without_tables_is_named(tmp_path):
    with pytest.raises(AssertionError, match=f"{len(TABLES)} of the served tables are not built"):
        Lakehouse(tmp_path).run(["medallion", "synapse", "up"])


@EACH
def test_view_has_exactly_the_rows_of_the_table(pool, warehouse, table):
    names = [column.name for column in table.columns if column.served]
    schema = "silver" if table.container == "silver" else "gold"
    with warehouse.cursor() as cursor:
        listed = ", ".join(f"`{name}`" for name in names)
        cursor.execute(f"select {listed} from {schema}.{table.name}")
        expected = [dict(zip(names, map(plain, row), strict=True)) for row in cursor.fetchall()]
    (result,) = pool.execute(f"SELECT * FROM serving.{table.name}")
    assert [name for name, _ in result.columns] == names
    actual = [dict(zip(names, row, strict=True)) for row in result.rows]
    assert expected
    assert not (reported := differing_rows(actual, expected)), reported


@EACH
def test_columns_have_the_contracts_types_and_lengths(pool, table):
    (result,) = pool.execute(
        "SELECT column_name, data_type, character_maximum_length, numeric_precision, numeric_scale"
        f" FROM INFORMATION_SCHEMA.COLUMNS WHERE table_name = '{table.name}'"
        " ORDER BY ordinal_position"
    )
    types = {"string": "varchar", "boolean": "bit", "timestamp": "datetime2", "double": "float"}
    for row, column in zip(result.rows, (c for c in table.columns if c.served), strict=True):
        kind = types.get(column.kind, column.kind)
        if column.kind.startswith("decimal"):
            kind, length = "decimal", None
            assert f"decimal({row[3]},{row[4]})" == column.kind
        else:
            length = column.length
        assert row[:3] == (column.name, kind, length)


@EACH
def test_serving_model_is_a_pass_through_projection(built, table):
    compiled = built.home / "synapse/target/compiled/medallion/models/serving/serverless"
    text = (compiled / f"serving__{table.name}.sql").read_text()
    grammar.require(text)
    (query,) = statements(text)
    assert oddities(query) == []
    assert [one.name for one in query.expressions] == [c.name for c in table.columns if c.served]


@pytest.mark.parametrize("name", PARTITIONED)
def test_predicate_on_the_partitions_column_bounds_the_files_that_are_read(built, pool, name):
    log = read_log(built.home / "lake" / "gold" / name)
    column = PARTITIONED[name]
    assert log.metadata["partitionColumns"] == [column]
    values = [add["partitionValues"][column] for add in log.adds]
    wanted = max(values)
    assert 0 < values.count(wanted) < len(values)
    asked = f"SELECT COUNT(*) AS n FROM serving.{name} WHERE {column}"
    assert scanned(pool, f"{asked} = '{wanted}'") == (values.count(wanted), len(values))
    assert scanned(pool, f"{asked} < '{wanted}'") == (
        len(values) - values.count(wanted),
        len(values),
    )


def scanned(pool, query):
    """The number of the table's files that a query reads, and their total, from the engine."""
    (tree,) = statements(query)
    plan = pool.database.rows(f"explain analyze {compiled(tree, pool.database).sql}")[0][1]
    return tuple(map(int, re.search(r"Scanning Files: (\d+)/(\d+)", plan).groups()))


def test_python_of_the_documentation_reads_a_view(built, tmp_path):
    text = (PROJECT_ROOT / "docs" / "synapse.md").read_text()
    (program,) = re.findall(r"```python\n(.*?)```", text, re.S)
    (tmp_path / "synapse").mkdir()  # the fixture `pool` has the database open
    shutil.copy(built.home / "synapse" / f"{DATABASE}.duckdb", tmp_path / "synapse")
    (tmp_path / "lake").symlink_to(built.home / "lake")  # its views name folders below the home
    with vault_servers(certificates_in(tmp_path)) as azure:
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=clean_environment()
            | {"PYTHONPATH": str(ODBC), "MEDALLION_HOME": str(tmp_path)}
            | azure.endpoints.app_service,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 1


def test_bare_build_on_synapse_builds_only_serving(built):
    results = json.loads((built.home / "synapse/target/run_results.json").read_text())["results"]
    ran = {node.split(".")[2] for one in results if "exposure." not in (node := one["unique_id"])}
    views = {f"serving__{table.name}" for table in TABLES}
    assert ran == views | {f"holds_rows_{name}_" for name in views}


def test_files_of_the_serving_models_follow_the_contracts():
    assert models.made_files().stale() == []


def test_exposures_name_views_that_are_served():
    found = YAML(typ="safe").load(PROJECT_ROOT / "models/serving/_exposures.yml")["exposures"]
    served = {table.name for table in TABLES}
    shown = set()
    for one in found:
        views = one["config"]["meta"]["views"]
        assert one["depends_on"] == [f"ref('{view}')" for view in views]
        assert set(views) <= served and one["owner"]["email"]
        assert (PROJECT_ROOT / one["config"]["meta"]["file"]).exists()
        shown |= set(views)
    assert shown == served, "a view that no report reads, or an exposure is missing"


# The same query of gold and of the view, in words that Databricks and Synapse share, and the query
# of the metric view.
METRICS = {
    "streams": (
        "select country, sum(streams) from {gold.mart_daily_listening} group by country",
        "select country, measure(streams) from gold.metrics_listening group by country",
    ),
    "listening_hours": (
        "select sum(listen_seconds) * 1e0 / 3600 from {gold.mart_daily_listening}",
        "select measure(listening_hours) from gold.metrics_listening",
    ),
    "listeners": (
        "select avg(daily_active_users * 1e0) from {gold.mart_user_engagement}",
        "select measure(listeners) from gold.metrics_engagement",
    ),
    "active users": (
        "select daily_active_users, weekly_active_users, monthly_active_users "
        "from {gold.mart_user_engagement} where date_day = "
        "(select max(date_day) from {gold.mart_user_engagement})",
        "select measure(daily_active_users), measure(weekly_active_users), "
        "measure(monthly_active_users) from gold.metrics_engagement",
    ),
    "retention": (
        "select weeks_since, sum(active_users) * 1e0 / sum(cohort_users) "
        "from {gold.mart_user_retention} where is_week_complete = 'true' group by weeks_since",
        "select weeks_since, measure(retention) from gold.metrics_retention "
        "where is_week_complete group by weeks_since",
    ),
    "recurring_revenue": (
        "select currency, sum(subscribers), sum(recurring_revenue) "
        "from {gold.mart_subscription_movements} where date_day = "
        "(select max(date_day) from {gold.mart_subscription_movements}) group by currency",
        "select currency, measure(subscribers), measure(recurring_revenue) "
        "from gold.metrics_subscriptions group by currency",
    ),
}


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_the_same_in_gold_in_its_metric_view_and_in_synapse(pool, warehouse, name):
    query, measured = METRICS[name]
    with warehouse.cursor() as cursor:
        cursor.execute(re.sub(r"\{(.*?)\}", r"\1", query))
        of_gold = sorted(map(comparable, cursor.fetchall()))
        cursor.execute(measured)
        of_the_metric_view = sorted(map(comparable, cursor.fetchall()))
    (result,) = pool.execute(re.sub(r"\{gold\.(.*?)\}", r"serving.\1", query))
    assert of_gold and of_the_metric_view == of_gold
    assert sorted(map(comparable, result.rows)) == of_gold


def comparable(row):
    """Values of different numeric types, equal up to the last digits of a float."""
    return tuple(one if isinstance(one, str | None) else round(float(one), 9) for one in row)


@pytest.mark.parametrize("file", sorted((PROJECT_ROOT / "sql/synapse/reports").glob("*.sql")))
def test_the_query_of_an_exposure_runs(pool, file):
    (result,) = pool.execute(file.read_text())
    assert len(result.columns) > 1


def test_targets_of_databricks_have_no_serving_model(built):
    manifest = json.loads((built.home / "target" / "manifest.json").read_text())
    nodes = [node for node in manifest["nodes"].values() if node["config"]["enabled"]]
    folders = {Path(node["original_file_path"]).parts[1] for node in nodes}
    assert "gold" in folders and "serving" not in folders
    assert len(manifest["exposures"]) == 5


def ask(built, sql):
    environment = {"MEDALLION_HOME": str(built.home)}
    return CliRunner().invoke(app, ["synapse", "sql", sql], env=environment)


def test_sql_shows_rows(built, pool):
    done = ask(built, "SELECT TOP (1) country FROM serving.dim_user WHERE user_id = -1")
    assert done.exit_code == 0 and "Unknown" in done.output


def test_sql_only_reads(built, pool):
    assert "is read-only" in str(ask(built, "DROP VIEW serving.dim_user").exception)
