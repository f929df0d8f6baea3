"""Streaming tables through dbt: the rules in a model's YAML, its other changes, full refreshes.

The project has the repository's macros and one bronze model of its own, over a landing folder.
"""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from medallion.home import Home
from medallion_local.databricks_sql import clock
from medallion_local.databricks_sql.lifecycle import profiles, state
from support.places import PROJECT
from support.streaming_warehouse import Landing, streaming_warehouse
from support.warehouse_sql import Started

SOURCES = """
sources:
  - name: landing
    tables:
      - name: things
        config: {meta: {folder: things, format: parquet}}
        columns:
          - {name: id, data_type: bigint}
          - {name: _operation, data_type: int}
"""
MODEL = """
models:
  - name: things
    description: "It's what landed."
    config:
      partition_by: %(partition_by)s
      tblproperties: %(properties)s
      databricks_tags: %(tags)s
      schedule: %(schedule)s
      meta:
        expectations: %(rules)s
    columns: [{name: id, description: "Its (number), here."}]
"""
UNCHANGED = {"properties": {}, "tags": {}, "rules": [], "partition_by": [], "schedule": {}}
KNOWN = {
    "name": "id_is_present",
    "expression": "id is not null",
    "applies_to": "states",
    "action": "quarantine",
}
POSITIVE = {
    "name": "id_is_positive",
    "expression": "id > 0",
    "applies_to": "changes",
    "action": "fail",
}
COUNTS = """
    select e.name, e.passed_records, e.failed_records from (
        select explode(from_json(details:flow_progress.data_quality.expectations,
            'array<struct<name:string,passed_records:bigint,failed_records:bigint>>')) as e
        from event_log(TABLE(bronze.things)) where origin:batch_id = '{}'
    ) order by 1
"""


STAMPED = """
select id, _operation, {{ next_mark('_loaded_at', read_as='_loaded_through') }} as _loaded_at
from {{ landed('landing', 'things') }}
"""
READER = """
{{ config(materialized='incremental', incremental_strategy='cdc_merge', unique_key='id') }}
select id, _loaded_at as _loaded_through, false as _is_deleted
from {{ ref('things') }}
where {{ loaded_since('_loaded_at', '_loaded_through') }}
"""
READER_YAML = "models: [{name: read_things, columns: [{name: _loaded_through}]}]"


# One process for all runs: importing dbt takes longer than running one model.
DRIVER = """
import json, sys
from dbt.cli.main import dbtRunner
for line in sys.stdin:
    done = dbtRunner().invoke(json.loads(line))
    print("\\n" + json.dumps({"succeeded": done.success}), flush=True)
"""


@dataclass
class Project:
    folder: Path
    warehouse: Started
    landing: Landing
    driver: subprocess.Popen

    def describe(self, **changes) -> None:
        """Write the model's YAML. Omitted parts are as in UNCHANGED."""
        file = self.folder / "models" / "bronze" / "things.yml"
        file.write_text(MODEL % (UNCHANGED | changes))

    def run(self, *arguments: str) -> str:
        """Run the model. Returns dbt's log with its statements, or the text of a failure."""
        log = self.folder / "logs" / "dbt.log"
        log.unlink(missing_ok=True)
        command = ["--no-use-colors", "--log-level-file", "debug", "--log-path", str(log.parent)]
        command += ["run", "--project-dir", str(self.folder), "--profiles-dir", str(self.folder)]
        command += ["--target-path", str(self.folder / "target"), *arguments]
        self.driver.stdin.write(json.dumps(command) + "\n")
        self.driver.stdin.flush()
        said = []
        for line in self.driver.stdout:
            if line.startswith('{"succeeded"'):
                assert json.loads(line)["succeeded"], "".join(said)
                return log.read_text()
            said.append(line)
        raise AssertionError(f"dbt's process ended: {''.join(said)}")

    def fails(self, *arguments: str) -> str:
        """dbt's message for a run that must fail."""
        try:
            self.run(*arguments)
        except AssertionError as error:
            return str(error)
        raise AssertionError("dbt should have failed")

    def ids(self) -> list:
        return [row[0] for row in self.warehouse.rows("select id from bronze.things order by id")]


@pytest.fixture(scope="module")
def clock_file(tmp_path_factory):
    """The file with the seconds by which the warehouse's clock is ahead."""
    file = tmp_path_factory.mktemp("clock") / "seconds"
    file.write_text("0")
    return file


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory, clock_file):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(clock.VARIABLE, str(clock_file))
        yield from streaming_warehouse(Home(tmp_path_factory.mktemp("warehouse")))


@pytest.fixture(scope="module")
def driver(warehouse):
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        env=os.environ | {"MEDALLION_HOME": str(warehouse.home.root), "NO_COLOR": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    yield process
    process.stdin.close()
    process.wait(60)


@pytest.fixture
def project(warehouse, driver, tmp_path):
    """A project with the repository's settings and macros. Its table does not exist yet."""
    landing = Landing.of(warehouse.home, "things")
    shutil.rmtree(landing.folder)
    landing.folder.mkdir()
    warehouse.run("create schema if not exists bronze")
    warehouse.run("drop table if exists bronze.things")
    for name in ("dbt_project.yml", "macros"):
        (tmp_path / name).symlink_to(PROJECT / name)
    bronze = tmp_path / "models" / "bronze"
    bronze.mkdir(parents=True)
    (tmp_path / "models" / "_groups.yml").symlink_to(PROJECT / "models" / "_groups.yml")
    (bronze / "_sources.yml").write_text(SOURCES)
    (bronze / "things.sql").write_text(
        "select id, _operation, _metadata.file_name as _file\n"
        "from {{ landed('landing', 'things') }}\n"
    )
    profiles.write_profile(tmp_path, warehouse.home, state.read(warehouse.home))
    return Project(tmp_path, warehouse, landing, driver)


def test_rules_are_added_changed_and_removed_without_a_full_refresh(project):
    # Deletes and before-images are exempt; a row of an unknown operation is not.
    project.landing.land("1.parquet", id=[1, None, None, None], _operation=[2, 1, 3, None])
    project.describe(rules=[KNOWN])
    project.run()
    assert project.ids() == [None, None, None, 1], "bronze keeps what staging quarantines"
    assert project.warehouse.rows(COUNTS.format(0)) == [("id_is_present", 3, 1)]

    project.landing.land("2.parquet", id=[2], _operation=[4])
    log = project.run()
    assert "refresh streaming table" in log
    assert "CREATE OR REFRESH" not in log, "nothing changed"

    (project.landing.folder / "1.parquet").unlink()
    project.describe(rules=[KNOWN, POSITIVE])
    log = project.run()
    assert "CREATE OR REFRESH STREAMING TABLE" in log
    assert project.ids() == [None, None, None, 1, 2], "what was archived is still there"

    project.landing.land("3.parquet", id=[0, -1], _operation=[3, 4])
    said = project.warehouse.fails("refresh streaming table bronze.things")
    assert "id_is_positive" in said
    assert "id=-1" in said
    assert "_file=3.parquet" in said
    assert project.ids() == [None, None, None, 1, 2]

    project.describe(rules=[])
    assert "CREATE OR REFRESH STREAMING TABLE" in project.run()
    assert project.ids() == [None, None, None, -1, 0, 1, 2]
    assert project.warehouse.rows("describe table bronze.things")[0][2] == "Its (number), here."


def test_another_change_of_the_configuration_keeps_the_rules(project):
    project.landing.land("1.parquet", id=[1], _operation=[2])
    project.describe(rules=[POSITIVE])
    project.run()
    project.describe(
        rules=[POSITIVE],
        properties={"team": "data"},
        tags={"layer": "bronze"},
        schedule={"cron": "0 0 6 * * ?"},
    )
    project.run()
    description = project.warehouse.rows("describe extended bronze.things")
    described = {row[0]: row[1] for row in description}
    assert described["Refresh Schedule"] == "CRON '0 0 6 * * ?' AT TIME ZONE 'Etc/UTC'"
    assert "team=data" in described["Table Properties"]
    assert described["Comment"] == "It's what landed."
    tags = "select tag_name, tag_value from system.information_schema.table_tags"
    assert ("layer", "bronze") in project.warehouse.rows(tags)
    assert project.warehouse.rows("describe table bronze.things")[0][2] == "Its (number), here."
    project.landing.land("2.parquet", id=[0], _operation=[2])
    message = project.warehouse.fails("refresh streaming table bronze.things")
    assert "id_is_positive" in message
    assert project.ids() == [1]


def test_a_full_refresh_skips_bronze_unless_it_is_allowed(project):
    project.describe(rules=[KNOWN])
    project.landing.land("1.parquet", id=[1], _operation=[2])
    project.landing.land("2.parquet", id=[2], _operation=[2])
    project.run()
    (project.landing.folder / "1.parquet").unlink()
    project.run("--full-refresh")
    assert project.ids() == [1, 2], "file 1 is archived: only bronze has its row"
    project.run("--full-refresh", "--vars", "{allow_bronze_full_refresh: true}")
    assert project.ids() == [2], "rebuilt from what is there"


def test_an_invalid_rule_is_an_error_that_names_model_rule_and_fix(project):
    project.describe(rules=[KNOWN | {"action": "drop"}])
    said = project.fails()
    assert "Rule 'id_is_present' of things has the action 'drop': write warn or quarantine" in said


def test_later_files_get_later_load_times_for_any_clock(project, clock_file):
    models = project.folder / "models"
    (models / "bronze" / "things.sql").write_text(STAMPED)
    (models / "read_things.sql").write_text(READER)
    (models / "read_things.yml").write_text(READER_YAML)
    project.describe()
    read = "select id from default.read_things order by id"

    def arrives(number: int, ahead: str) -> list:
        clock_file.write_text(ahead)
        project.landing.land(f"{number}.parquet", id=[number], _operation=[2])
        project.run()
        return [row[0] for row in project.warehouse.rows(read)]

    try:
        project.warehouse.run("drop table if exists default.read_things")
        assert arrives(1, "7200") == [1]
        assert arrives(2, "-7200") == [1, 2], "the clock went back"
        assert arrives(3, "0") == [1, 2, 3], "and came forward"
        assert arrives(4, "3600 -3600 0 7200 -7200") == [1, 2, 3, 4], "and jumped amid the build"
        marks = project.warehouse.rows("select _loaded_at from bronze.things order by id")
        assert marks == sorted({*marks})
        # The newest high-water mark is no longer in bronze, but its readers still have it.
        project.warehouse.run("delete from bronze.things where id > 1")
        assert arrives(5, "-99999") == [1, 2, 3, 4, 5]
        project.warehouse.run("drop table bronze.things")
        (project.landing.folder / "1.parquet").unlink()
        project.warehouse.run("delete from default.read_things where id = 3")
        assert arrives(6, "-99999") == [1, 2, 3, 4, 5, 6], "bronze was created and read again"
    finally:
        clock_file.write_text("0")
