"""The parts of the workflow deploy that can run here.

`make lint` checks the rest with GitHub's schema and zizmor.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
import yaml

from medallion.slim.dbt import Dbt
from medallion.slim.run import CHANGED
from medallion.slim.state import read_state
from support.databricks_bundle import copy_synced, read_bundle
from support.lakehouse import PROJECT

WORKFLOWS = PROJECT / ".github" / "workflows"

# A substitute for the CLI: it answers as for a factory with one running trigger, and records its
# calls.
AZ = f"""#!{sys.executable}
import json, os, sys
from pathlib import Path

asked = sys.argv[1:]
with Path(os.environ["ASKED"]).open("a") as notes:
    notes.write(json.dumps(asked) + "\\n")
if "properties.outputs.factoryName.value" in asked:
    print("adf-one")
elif "properties.outputs.factoryParameters.value" in asked:
    print(json.dumps({{"parameters": {{"factoryName": {{"value": "adf-one"}}}}}}))
elif asked[:3] == ["rest", "--method", "get"]:
    print("tr_hourly")
elif asked[:3] == ["deployment", "group", "create"]:
    sys.exit(int(os.environ.get("DEPLOYMENT", "0")))
"""


def workflow(name: str) -> dict:
    return yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))


def steps(name: str) -> list[dict]:
    return [step for job in workflow(name)["jobs"].values() for step in job["steps"]]


def deploy(folder: Path, **environment: str) -> tuple[subprocess.CompletedProcess, list[list[str]]]:
    """Run the script with a substitute for az. Returns the result and the calls of az."""
    az = folder / "az"
    az.write_text(AZ)
    az.chmod(0o755)
    asked = folder / "asked"
    done = subprocess.run(
        ["bash", str(PROJECT / "infra" / "deploy_factory.sh"), "4711"],
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "ASKED": str(asked),
            "MEDALLION_SUBSCRIPTION_ID": "sub",
            "MEDALLION_RESOURCE_GROUP": "rg",
        }
        | environment,
        capture_output=True,
        text=True,
    )
    lines = asked.read_text().splitlines() if asked.exists() else []
    return done, [json.loads(line) for line in lines]


def triggers(asked: list[list[str]]) -> list[str]:
    """The actions on the trigger and the deployment, in order."""
    posts = {"start?": "start", "stop?": "stop"}
    found = []
    for one in asked:
        if one[:3] == ["deployment", "group", "create"]:
            found.append("deploy")
        found += [word for key, word in posts.items() if f"/triggers/tr_hourly/{key}" in one[-1]]
    return found


def test_triggers_are_stopped_while_the_factory_is_deployed(tmp_path: Path) -> None:
    done, asked = deploy(tmp_path)
    assert done.returncode == 0, done.stderr
    assert triggers(asked) == ["stop", "deploy", "start"]


def test_triggers_run_again_when_the_deployment_fails(tmp_path: Path) -> None:
    done, asked = deploy(tmp_path, DEPLOYMENT="3")
    assert done.returncode == 3
    assert triggers(asked) == ["stop", "deploy", "start"]


def test_the_factory_gets_its_job_and_the_named_parameters(tmp_path: Path) -> None:
    _, asked = deploy(tmp_path, MEDALLION_ALERT_WEBHOOK="https://hooks.example/1")
    [created] = [one for one in asked if one[:3] == ["deployment", "group", "create"]]
    given = {one.split("=")[0] for one in created if "=" in one}
    template = json.loads((PROJECT / "adf/arm/ARMTemplateForFactory.json").read_text())
    assert given == {
        "default_properties_dbt_job_id_value",
        "default_properties_alert_webhook_value",
    }
    assert given <= template["parameters"].keys()
    assert "default_properties_dbt_job_id_value=4711" in created
    assert (PROJECT / created[created.index("--template-file") + 1]).is_file()


def test_a_missing_name_is_one_sentence(tmp_path: Path) -> None:
    done, asked = deploy(tmp_path, MEDALLION_RESOURCE_GROUP="")
    assert done.returncode != 0 and asked == []
    assert "error: name the resource group in MEDALLION_RESOURCE_GROUP" in done.stderr


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The project as it is deployed, and the state of it that the workflow keeps."""
    folder = tmp_path_factory.mktemp("deployed")
    project = folder / "project"
    copy_synced(read_bundle(), project)
    (project / ".venv").symlink_to(sys.prefix)
    [keep] = [step for step in steps("deploy.yml") if "dbt parse" in step.get("run", "")]
    done = subprocess.run(
        ["bash", "-e", "-c", keep["run"]],
        cwd=project,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "RUNNER_TEMP": str(folder),
            "MEDALLION_HOME": str(folder),
            "DATABRICKS_HOST": "adb-1.azuredatabricks.net",
            "DATABRICKS_CLIENT_ID": "id",
            "DATABRICKS_CATALOG": "lakehouse",
            "MEDALLION_STORAGE_ACCOUNT": "stother",
            "TZ": "UTC",
            "LC_ALL": "C",
            "PYTHONHASHSEED": "1",
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return project, folder / "state"


def test_the_state_that_is_kept_names_production(deployed: tuple[Path, Path]) -> None:
    [upload] = [step for step in steps("deploy.yml") if "upload-artifact" in step.get("uses", "")]
    assert upload["with"]["path"].endswith("/state/manifest.json")
    _, state = deployed
    place = read_state(state).place("model.medallion.mart_daily_listening")
    assert place == ["lakehouse", "gold", "mart_daily_listening"]


@pytest.fixture
def in_berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The time zone of a person who checks a pull request. Production has another one."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        yield
    time.tzset()


def test_against_that_state_an_unchanged_pull_request_builds_nothing(
    deployed: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_berlin: None
) -> None:
    """This holds in another time zone and folder; hashes are ordered differently in each run."""
    project, state = deployed
    project = project.rename(tmp_path / "Müller's clone")
    monkeypatch.setenv("MEDALLION_HOME", str(tmp_path))
    monkeypatch.setenv("DATABRICKS_HOST", "adb-1.azuredatabricks.net")
    monkeypatch.setenv("DATABRICKS_HTTP_PATH", "none")
    monkeypatch.setenv("DATABRICKS_CLIENT_ID", "another")
    monkeypatch.setenv("DBT_SCHEMA", "pr_1")
    flags = ["--target", "ci", "--project-dir", str(project), "--profiles-dir", str(project)]
    flags += ["--target-path", str(tmp_path / "target"), "--log-path", str(tmp_path / "logs")]
    against = ["--select", CHANGED, "--state", str(state)]
    assert Dbt(flags, print).listed(*against) == []
    model = project / "models/gold/mart_top_tracks_weekly.sql"
    model.write_text(model.read_text() + "-- a thought\n")
    assert "model.medallion.mart_top_tracks_weekly" in Dbt(flags, print).listed(*against)


def test_every_date_of_a_deprecation_has_an_offset() -> None:
    """dbt reads a date without one in the machine's time zone, so state:modified would differ."""
    dates = [
        date.strip()
        for file in (PROJECT / "models").rglob("*.yml")
        for date in re.findall(r"deprecation_date:(.*)", file.read_text(encoding="utf-8"))
    ]
    assert dates and all(datetime.fromisoformat(date).tzinfo for date in dates), dates


@pytest.mark.parametrize("name", ["ci.yml", "deploy.yml"])
def test_everything_that_a_workflow_calls_exists(name: str) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(name))
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([\w./-]+)", commands):
        assert re.search(rf"^({re.escape(target)}|\$\(VENV\)/{Path(target).name}):", makefile, re.M)
    for script in re.findall(r"\bbash (\S+)", commands):
        assert (PROJECT / script).is_file()


def test_no_workflow_contains_a_secret() -> None:
    for file in WORKFLOWS.glob("*.yml"):
        assert "secrets." not in file.read_text(encoding="utf-8")


def test_every_variable_of_the_bundle_without_a_default_is_given() -> None:
    declared = read_bundle()["variables"].items()
    wanted = {f"BUNDLE_VAR_{name}" for name, one in declared if "default" not in one}
    given = workflow("deploy.yml")["jobs"]["production"]["env"]
    assert wanted <= given.keys()
    assert {one for one in given if one.startswith("BUNDLE_VAR_")} <= {
        f"BUNDLE_VAR_{name}" for name, _ in declared
    }
