"""The bundle: the faults that Databricks would reject, and its job's command, run as in the job."""

import datetime as dt
import json
import shlex
import subprocess
import sys
from copy import deepcopy
from pathlib import Path

import pytest
import yaml

from support.databricks_bundle import Bundle, copy_synced, faults, read_bundle, resolved, variables
from support.lakehouse import PROJECT, Lakehouse
from support.lock_files import pinned

VOLUME = "/Volumes/medallion/gold/report"
INJECTED = {
    "an unknown key of the job": ("jobs.dbt_build", {"retries": 1}, "retries"),
    "an unknown key of the task": ("jobs.dbt_build.tasks.0", {"max_retry": 1}, "max_retry"),
    "a wrong type": ("jobs.dbt_build", {"timeout_seconds": "long"}, "long"),
    "a level that is none": (
        "jobs.dbt_build.permissions.0",
        {"level": "CAN_DO"},
        "CAN_DO",
    ),
    "an unknown warehouse": ("sql_warehouses.medallion", {"warehouse_type": "BIG"}, "BIG"),
    "a variable that is not declared": ("jobs.dbt_build", {"name": "${var.nam}"}, "var.nam"),
    "a resource that is none": (
        "jobs.dbt_build",
        {"description": "${resources.sql_warehouses.small.id}"},
        "small",
    ),
    "an unknown kind": ("", {"jobz": {"a": {}}}, "jobz"),
}


def test_the_bundle_has_no_fault() -> None:
    assert faults(read_bundle()) == []


@pytest.mark.parametrize("name", INJECTED)
def test_each_fault_of_a_bundle_is_found(name: str) -> None:
    bundle = read_bundle()
    path, change, named = INJECTED[name]
    node = bundle["resources"]
    for key in filter(None, path.split(".")):
        node = node[int(key)] if key.isdigit() else node[key]
    node.update(change)
    found = faults(bundle)
    assert len(found) == 1 and named in found[0]


def test_a_variable_that_nothing_uses_is_found() -> None:
    bundle = deepcopy(read_bundle())
    bundle["variables"]["spare"] = {"description": "…"}
    assert faults(bundle) == ["var.spare: never used"]


def test_every_environment_has_a_catalog_of_its_own() -> None:
    bundle = read_bundle()
    assert variables(bundle, "prod")["catalog"] == "medallion"
    assert variables(bundle, "dev")["catalog"] == "medallion_dev"


def test_the_job_installs_only_what_its_lock_file_pins(tmp_path: Path) -> None:
    """The file must be synced: .gitignore and the bundle's excludes could leave it out."""
    bundle = read_bundle()
    [environment] = bundle["resources"]["jobs"]["dbt_build"]["environments"]
    [line] = environment["spec"]["dependencies"]
    file = line.removeprefix("-r ${workspace.file_path}/")
    copy_synced(bundle, tmp_path)
    job = pinned(tmp_path / file)
    lock = pinned(PROJECT / "requirements.txt")
    assert {"dbt-core", "dbt-databricks", "databricks-sql-connector"} <= job.keys()
    # A package may have another version on the job's newer Python, beside that of the laptop.
    differing = {name for name in job.keys() & lock.keys() if not job[name] & lock[name]}
    assert not differing and not job.keys() - lock.keys()


def test_the_job_runs_one_build_at_a_time_and_only_the_factory_starts_it() -> None:
    job = read_bundle()["resources"]["jobs"]["dbt_build"]
    assert job["max_concurrent_runs"] == 1 and job["queue"] == {"enabled": True}
    assert "schedule" not in job and "trigger" not in job
    runners = [one for one in job["permissions"] if one["level"] != "CAN_VIEW"]
    factory = "${var.factory_client_id}"
    assert runners == [{"service_principal_name": factory, "level": "CAN_MANAGE_RUN"}]


@pytest.fixture(scope="module")
def landed(new_lakehouse) -> Lakehouse:
    home = new_lakehouse()
    home.run(["medallion", "source", "init", "--generate"])
    home.run(["medallion", "ingest"])
    return home


def test_the_job_builds__from_synced_files_only(landed: Lakehouse, tmp_path: Path) -> None:
    bundle = read_bundle()
    project, volume = tmp_path / "project", tmp_path / "volume"
    copy_synced(bundle, project)
    assert not (project / "medallion_local").exists()
    dbt, report = bundle["resources"]["jobs"]["dbt_build"]["tasks"]
    assert report["depends_on"] == [{"task_key": dbt["task_key"]}]
    assert report["run_if"] == "ALL_DONE"
    began = dt.datetime.now(dt.UTC)
    ran = _run_dbt(dbt["dbt_task"], bundle, landed, project, volume)
    assert ran.returncode == 0, ran.stdout
    manifest = json.loads((volume / "target" / "manifest.json").read_text(encoding="utf-8"))
    user = manifest["nodes"]["model.medallion.dim_user"]
    assert user["relation_name"] == "`medallion`.`silver`.`dim_user`"
    assert user["config"]["location_root"] == "abfss://silver@stjob.dfs.core.windows.net"
    results = json.loads((volume / "target" / "run_results.json").read_text(encoding="utf-8"))
    done = {one["unique_id"].split(".")[0] for one in results["results"]}
    assert done == {"model", "test"}
    task = report["spark_python_task"]
    ran = _run_report(task, bundle, landed, project, volume, began)
    assert ran.returncode == 0, ran.stdout
    page = (volume / "index.html").read_text(encoding="utf-8")
    assert "mart_daily_listening is not built" in page  # only one dimension is built here
    assert len(list((volume / "history").iterdir())) == 1
    # A build that left no results must not look like the one before it.
    later = dt.datetime.now(dt.UTC)
    ran = _run_report(task, bundle, landed, project, volume, later)
    assert ran.returncode == 1 and "The build failed or left no results" in ran.stdout
    page = (volume / "index.html").read_text(encoding="utf-8")
    assert "dbt left no results of this run" in page


def _local(home: Lakehouse) -> Bundle:
    here = yaml.safe_load((home.home / "profiles.yml").read_text(encoding="utf-8"))
    return here["medallion"]["outputs"]["local"]


def _values(bundle: Bundle, local: Bundle, project: Path) -> dict[str, str]:
    """What the references of the bundle stand for."""
    values = {f"var.{name}": value for name, value in variables(bundle, "prod").items() if value}
    return values | {
        "var.storage_account": "stjob",
        "workspace.file_path": str(project),
        "resources.sql_warehouses.medallion.id": local["http_path"].rsplit("/", 1)[1],
    }


def _run_report(
    task: Bundle,
    bundle: Bundle,
    home: Lakehouse,
    project: Path,
    volume: Path,
    began: dt.datetime,
) -> subprocess.CompletedProcess[str]:
    """The second task as Databricks runs it, from another folder than the project."""
    local = _local(home)
    given = [resolved(one, _values(bundle, local, project)) for one in task["parameters"]]
    given = [
        one.replace(VOLUME, str(volume)).replace(
            "{{job.start_time.iso_datetime}}", began.isoformat()
        )
        for one in given
    ]
    environment = {name: value for name, value in home.environment().items() if "DBT_" not in name}
    del environment["PYTHONPATH"]
    return subprocess.run(
        [sys.executable, str(project / task["python_file"]), *given],
        cwd=volume,
        env=environment | {"DBT_HOST": local["host"], "DBT_ACCESS_TOKEN": local["token"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _run_dbt(
    dbt: Bundle, bundle: Bundle, home: Lakehouse, project: Path, volume: Path
) -> subprocess.CompletedProcess[str]:
    """The task's command as Databricks runs it, with its own host and token in the environment.

    The profile also gets the port and certificate that a warehouse on the loopback needs.
    """
    local = _local(home)
    profiles = project / dbt["profiles_directory"] / "profiles.yml"
    given = yaml.safe_load(profiles.read_text(encoding="utf-8"))
    given["medallion"]["outputs"]["prod"]["connection_parameters"] = local["connection_parameters"]
    profiles.write_text(yaml.safe_dump(given), encoding="utf-8")
    [command] = dbt["commands"]
    program, *arguments = shlex.split(resolved(command, _values(bundle, local, project)))
    assert program == "dbt" and f"{VOLUME}/target" in arguments
    arguments = [one.replace(VOLUME, str(volume)) for one in arguments]
    environment = home.environment() | {
        "DBT_HOST": local["host"],
        "DBT_ACCESS_TOKEN": local["token"],
        "DBT_PROFILES_DIR": dbt["profiles_directory"],
    }
    del environment["DBT_TARGET_PATH"]
    # One dimension and everything upstream of it: test_end_to_end.py runs the whole build.
    chosen = ["--select", "+dim_user", "--indirect-selection", "cautious"]
    return subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), *arguments, *chosen],
        cwd=project / dbt["project_directory"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
