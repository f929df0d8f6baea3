"""`medallion up` and dbt in the folder of a project that is not this one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import dbt_client
from support.foreign_project import write_project
from support.warehouse_sql import ENGINES, Started, close_all

BIN = Path(sys.executable).parent
# One process for several commands: dbt needs seconds to start.
COMMANDS = """
import sys
from dbt.cli.main import dbtRunner
failed = []
for command in sys.argv[1:]:
    done = dbtRunner().invoke(command.split())
    if not done.success:
        failed.append(f"{command} failed: {done.exception}")
sys.exit("\\n".join(failed) or 0)
"""


class Shop:
    """The project in a folder, and its warehouse on an engine."""

    def __init__(self, folder: Path, engine: str) -> None:
        self.folder = folder
        write_project(folder)
        named = {"MEDALLION_HOME", "DBT_PROFILES_DIR", "DBT_TARGET_PATH", "DBT_LOG_PATH"}
        self.environment = {k: v for k, v in os.environ.items() if k not in named}
        self.medallion("up", "--catalog", "dev,archive", "--engine", engine)

    def medallion(self, *arguments: str, **environment: str) -> str:
        return self._run([str(BIN / "medallion"), *arguments], **environment).stdout

    def dbt(self, *commands: str, check: bool = True) -> str:
        return self._run([sys.executable, "-c", COMMANDS, *commands], check).stdout

    def _run(
        self, command: list[str], check: bool = True, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert not check or done.returncode == 0, done.stdout
        return done


@pytest.fixture(scope="module", params=ENGINES)
def shop(request, tmp_path_factory):
    """The project after a first build, a build of a later day, and its documentation."""
    found = Shop(tmp_path_factory.mktemp("foreign") / "shop", request.param)
    later = '--vars={"until":3}'
    end = "--event-time-start=2026-01-01 --event-time-end=2026-01-04"
    found.dbt(f"build {end}", f"build {later} {end}", f"docs generate {later}", "debug")
    yield found
    close_all()
    found.medallion("down")


TABLES = {
    "dev.default.appended": [(1, 1), (2, 1), (2, 3), (3, 2), (4, 3)],
    "dev.default.merged": [
        (1, 1, "placed"),
        (2, 3, "returned"),
        (3, 2, "placed"),
        (4, 3, "placed"),
    ],
    "dev.default.overwritten": [(1, 1), (2, 1), (2, 3), (3, 2), (4, 3)],
    "dev.default.replaced": [(1, 1), (2, 1), (2, 3), (3, 2), (4, 3)],
}
TABLES["dev.default.deleted_and_inserted"] = TABLES["dev.default.merged"]


def test_it_is_built(shop):
    warehouse = Started(Home(shop.folder / ".medallion"))
    for table, expected in TABLES.items():
        assert sorted(warehouse.rows(f"select * from {table}")) == expected, table
    assert warehouse.rows("select count(*) from dev.default.by_day") == [(5,)]
    history = "select status, dbt_valid_to is null from dev.default.order_history where id = 2"
    assert sorted(warehouse.rows(history)) == [("returned", True), ("shipped", False)]
    pivoted = "select day, string(placed), string(returned) from archive.default.by_status"
    assert sorted(warehouse.rows(pivoted)) == [
        (1, "10.50", None),
        (2, "30.25", None),
        (3, "40.00", "20.00"),
    ]
    catalog = json.loads((shop.folder / "target" / "catalog.json").read_text(encoding="utf-8"))
    found = catalog["nodes"]["model.shop.by_status"]
    assert found["metadata"]["database"] == "archive"
    assert list(found["columns"]) == ["day", "placed", "shipped", "returned"]


def test_a_second_home_is_reported_and_gets_no_tables(shop, tmp_path):
    own, other = shop.folder / ".medallion", tmp_path / "other"
    said = shop.medallion("up", "--catalog", "dev", MEDALLION_HOME=str(other))
    assert f"named the warehouse of {own}: dbt now uses {other}" in " ".join(said.split())
    said = " ".join(shop.dbt("run", check=False).split())
    assert "run failed" in said
    assert f"names the warehouse of {other}, but the home is {own}" in said
    assert Started(Home(other)).rows("show tables in dev.default") == []
    close_all()
    shop.medallion("down", MEDALLION_HOME=str(other))
    assert "named the warehouse" in shop.medallion("up")
    assert "named the warehouse" not in shop.medallion("up")


def test_a_warehouse_that_is_down_is_one_sentence(shop):
    shop.medallion("down")
    said = shop.dbt("run", "debug", "parse", check=False)
    assert "run failed" in said
    assert f"is down: run `medallion up` in {shop.folder}" in said
    assert "debug failed" in said and "Connection refused" in said
    assert "parse failed" not in said


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("host", ["local://127.0.0.1", "adb.azuredatabricks.net"])
def test_a_python_model_is_refused_on_a_local_host(monkeypatch, host):
    from dbt.adapters.databricks.impl import DatabricksAdapter
    from dbt_common.exceptions import DbtRuntimeError

    monkeypatch.setattr(DatabricksAdapter, "submit_python_job", lambda *_: "submitted")
    dbt_client.without_python_models()
    adapter = SimpleNamespace(config=SimpleNamespace(credentials=SimpleNamespace(host=host)))
    try:
        said = DatabricksAdapter.submit_python_job(adapter, {}, "")
    except DbtRuntimeError as error:
        said = str(error)
    refusal = "Python models do not run on the local warehouse" in said
    assert refusal if host.startswith("local://") else said == "submitted"


def test_the_profile_of_the_project_is_left_as_it_is(shop, tmp_path):
    """Another profiles.yml is in version control, and its other targets are needed."""
    own = shop.folder / "profiles.yml"
    before = own.read_text(encoding="utf-8")
    own.write_text("shop: {target: prod, outputs: {prod: {type: databricks}}}\n", encoding="utf-8")
    said = shop.medallion("up")
    assert f"--profiles-dir {shop.folder / '.medallion'}" in said
    assert "prod" in own.read_text(encoding="utf-8")
    own.write_text(before, encoding="utf-8")
    assert "export DATABRICKS_CATALOG=dev" in shop.medallion("up", "--env").splitlines()
