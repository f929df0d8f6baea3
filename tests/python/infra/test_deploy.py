"""The parts of the workflow deploy that can run here.

`make lint` checks the rest with GitHub's schema and zizmor.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from medallion.infra import COMPUTED
from medallion.slim.dbt import Dbt
from medallion.slim.run import CHANGED
from medallion.slim.state import read_state
from medallion_local.azure_sql.database import create
from support.databricks_bundle import copy_synced, read_bundle
from support.lakehouse import PROJECT

WORKFLOWS = PROJECT / ".github" / "workflows"

# A substitute for the CLI: a factory whose triggers it starts and stops. It records its calls.
# `faults` names the calls that fail, each as often as it is named. As in Azure, a deployment fails
# while a trigger is started.
AZ = f"""#!{sys.executable}
import json, os, re, sys
from pathlib import Path

asked = sys.argv[1:]
with Path(os.environ["ASKED"]).open("a") as notes:
    notes.write(json.dumps(asked) + "\\n")
place = Path(os.environ["FACTORY"])
factory = json.loads(place.read_text())


def fail(call):
    if call in factory["faults"]:
        factory["faults"].remove(call)
        place.write_text(json.dumps(factory))
        sys.exit(3)


if "properties.outputs.factoryName.value" in asked:
    print("adf-one")
elif "properties.outputs.factoryParameters.value" in asked:
    print(json.dumps({{"parameters": {{"factoryName": {{"value": "adf-one"}}}}}}))
elif asked[:3] == ["rest", "--method", "get"]:
    fail("list")
    for name, state in factory["triggers"].items():
        if "!='Stopped'" not in " ".join(asked) or state != "Stopped":
            print(name)
elif asked[:3] == ["rest", "--method", "post"]:
    name, verb = re.search(r"/triggers/(\\w+)/(start|stop)\\?", " ".join(asked)).groups()
    fail(verb + " " + name)
    factory["triggers"][name] = {{"start": "Started", "stop": "Stopped"}}[verb]
elif asked[:3] == ["deployment", "group", "create"]:
    fail("deploy")
    if "Started" in factory["triggers"].values():
        sys.exit(4)
    factory["triggers"] |= {{
        name: "Stopped" for name in json.loads(os.environ["DEPLOYED"])
        if name not in factory["triggers"]
    }}
place.write_text(json.dumps(factory))
"""
TRIGGERS = {
    one["name"]: one["properties"]["runtimeState"]
    for one in (
        json.loads(file.read_text("utf-8")) for file in (PROJECT / "adf" / "trigger").glob("*.json")
    )
}
DAILY, HOURLY = "tr_ingest_and_build_daily", "tr_ingest_hourly"


def workflow(name: str) -> dict:
    return yaml.safe_load((WORKFLOWS / name).read_text(encoding="utf-8"))


def steps(name: str) -> list[dict]:
    return [step for job in workflow(name)["jobs"].values() for step in job.get("steps", [])]


@dataclass(frozen=True)
class Deployed:
    """The end of the script: its process, the calls of az, and the triggers' states."""

    done: subprocess.CompletedProcess
    asked: list[list[str]]
    triggers: dict[str, str]


def deploy(
    folder: Path,
    before: dict[str, str],
    faults: Sequence[str] = (),
    project: Path = PROJECT,
    **environment: str,
) -> Deployed:
    """Run the script on a factory whose triggers have the given states."""
    az, factory, asked = folder / "az", folder / "factory.json", folder / "asked"
    az.write_text(AZ)
    az.chmod(0o755)
    factory.write_text(json.dumps({"triggers": before, "faults": list(faults)}))
    done = subprocess.run(
        ["bash", str(project / "infra" / "deploy_factory.sh"), "4711"],
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "ASKED": str(asked),
            "FACTORY": str(factory),
            "DEPLOYED": json.dumps(list(TRIGGERS)),
            "MEDALLION_SUBSCRIPTION_ID": "sub",
            "MEDALLION_RESOURCE_GROUP": "rg",
            "MEDALLION_RETRY_SECONDS": "0",
        }
        | environment,
        capture_output=True,
        text=True,
    )
    lines = asked.read_text().splitlines() if asked.exists() else []
    return Deployed(
        done, [json.loads(line) for line in lines], json.loads(factory.read_text())["triggers"]
    )


def test_the_daily_trigger_runs_and_the_other_does_not() -> None:
    assert TRIGGERS == {DAILY: "Started", HOURLY: "Stopped"}


@pytest.mark.parametrize(
    "before",
    [
        {},
        {DAILY: "Started", HOURLY: "Stopped"},
        {DAILY: "Stopped", HOURLY: "Started"},
        {DAILY: "Disabled", HOURLY: "Started", "tr_removed": "Started"},
    ],
)
def test_triggers_have_the_state_of_the_repository_afterwards(
    tmp_path: Path, before: dict[str, str]
) -> None:
    deployed = deploy(tmp_path, before)
    assert deployed.done.returncode == 0, deployed.done.stderr
    removed = dict.fromkeys(before.keys() - TRIGGERS.keys(), "Stopped")
    assert deployed.triggers == TRIGGERS | removed


RUNNING = {DAILY: "Started", HOURLY: "Started"}


@pytest.mark.parametrize(
    ("faults", "status"),
    [
        (["deploy"], 3),
        (["list"], 3),
        ([f"stop {DAILY}"] * 3, 1),
        ([f"stop {DAILY}"], 0),
        ([f"start {DAILY}"] * 2, 0),
        (["deploy", f"start {DAILY}"], 3),
    ],
)
def test_triggers_run_again_after_any_failure(
    tmp_path: Path, faults: list[str], status: int
) -> None:
    deployed = deploy(tmp_path, RUNNING, faults)
    assert deployed.done.returncode == status, deployed.done.stderr
    assert deployed.triggers[DAILY] == "Started"


def test_one_trigger_that_does_not_start_is_named_and_the_others_start(
    tmp_path: Path,
) -> None:
    """The script reads a copy of the repository in which both triggers must run."""
    project = tmp_path / "project"
    for folder in ("adf/trigger", "adf/arm", "infra"):
        shutil.copytree(PROJECT / folder, project / folder)
    hourly = project / "adf" / "trigger" / f"{HOURLY}.json"
    hourly.write_text(hourly.read_text().replace('"Stopped"', '"Started"'))
    deployed = deploy(tmp_path, RUNNING, [f"start {DAILY}"] * 3, project)
    assert deployed.done.returncode == 1
    assert f"these triggers must run, and do not: {DAILY}. Start" in deployed.done.stderr
    assert deployed.triggers == {DAILY: "Stopped", HOURLY: "Started"}


def test_a_first_deployment_that_fails_starts_nothing(tmp_path: Path) -> None:
    deployed = deploy(tmp_path, {}, ["deploy"])
    assert (deployed.done.returncode, deployed.triggers) == (3, {})


def test_the_factory_gets_its_job_and_the_named_parameters(tmp_path: Path) -> None:
    deployed = deploy(tmp_path, {}, MEDALLION_REFERENCE_URL="https://lists.example")
    [created] = [one for one in deployed.asked if one[:3] == ["deployment", "group", "create"]]
    given = {one.split("=")[0] for one in created if "=" in one}
    template = json.loads((PROJECT / "adf/arm/ARMTemplateForFactory.json").read_text())
    assert given == {
        "default_properties_dbt_job_id_value",
        "default_properties_github_url_value",
    }
    assert given <= template["parameters"].keys()
    assert "default_properties_dbt_job_id_value=4711" in created
    assert (PROJECT / created[created.index("--template-file") + 1]).is_file()


def test_a_missing_name_is_one_sentence(tmp_path: Path) -> None:
    deployed = deploy(tmp_path, {}, MEDALLION_RESOURCE_GROUP="")
    assert deployed.done.returncode != 0 and deployed.asked == []
    assert "error: name the resource group in MEDALLION_RESOURCE_GROUP" in deployed.done.stderr


# A substitute for the CLI: a resource group with a budget, or without one.
BUDGETS = f"""#!{sys.executable}
import os, sys
from pathlib import Path
if sys.argv[1] == "rest":
    print(os.environ["BUDGET"])
else:
    Path(os.environ["ASKED"]).write_text("\\n".join(sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("budget", "wanted"),
    [("2025-03-01T00:00:00Z", "2025-03-01"), ("", None), ("None", None)],
)
def test_a_budget_begins_this_month_and_keeps_its_day(
    tmp_path: Path, budget: str, wanted: str | None
) -> None:
    (tmp_path / "az").write_text(BUDGETS)
    (tmp_path / "az").chmod(0o755)
    asked = tmp_path / "asked"
    before = datetime.now(UTC).strftime("%Y-%m-01")
    subprocess.run(
        ["bash", str(PROJECT / "infra" / "deploy.sh"), "prod"],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "BUDGET": budget,
            "ASKED": str(asked),
            "MEDALLION_SUBSCRIPTION_ID": "sub",
            "MEDALLION_RESOURCE_GROUP": "rg",
        },
        check=True,
    )
    given = dict(one.split("=") for one in asked.read_text().splitlines() if "=" in one)
    assert given.keys() == COMPUTED.keys()
    after = datetime.now(UTC).strftime("%Y-%m-01")
    assert given["budgetStart"] in ({wanted} if wanted else {before, after})


def test_a_prefix_that_gives_no_names_is_one_sentence(tmp_path: Path) -> None:
    project = tmp_path / "project"
    shutil.copytree(PROJECT / "infra", project / "infra")
    given = {"parameters": {"prefix": {"value": "My-Lake"}}}
    (project / "infra" / "parameters.test.json").write_text(json.dumps(given))
    done = subprocess.run(
        ["bash", str(project / "infra" / "deploy.sh"), "test"],
        env={
            "PATH": os.environ["PATH"],
            "MEDALLION_SUBSCRIPTION_ID": "s",
            "MEDALLION_RESOURCE_GROUP": "r",
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1 and done.stderr.startswith("error: the prefix 'My-Lake' must be")


# Substitutes for the CLIs: the outputs of a deployment, and a database that is the emulator's.
OUTPUTS = f"""#!{sys.executable}
import os, re, sys
outputs = {{"sqlServer": "sql.example", "sqlDatabase": "streaming"}}
outputs["cdcRetentionHours"] = os.environ["HOURS"]
print(outputs[re.search(r"outputs\\.(\\w+)\\.value", " ".join(sys.argv))[1]])
"""
SQLCMD = f"""#!{sys.executable}
import os, sys
from pathlib import Path
from medallion_local.azure_sql.database import SourceDatabase

source = SourceDatabase.open(Path(os.environ["SOURCE"]))
for statement in sys.argv[sys.argv.index("-Q") + 1].split(";"):
    if statement.strip().startswith("SELECT"):
        for row in source.query(statement).read_all().to_pylist():
            print(*row.values())
    elif statement.strip() and "NOCOUNT" not in statement and not os.environ.get("DEAF"):
        source.execute(statement)
"""


@pytest.mark.parametrize(
    ("hours", "deaf", "wanted", "said"),
    [
        ("168", "", 10080, "are kept for 168 hours"),
        ("", "", 4320, "gives no cdcRetentionHours"),
        ("168", "1", 4320, "are kept for '4320' minutes, not for 10080"),
    ],
)
def test_the_retention_of_the_source_is_that_of_the_deployment(
    tmp_path: Path, hours: str, deaf: str, wanted: int, said: str
) -> None:
    file = tmp_path / "source.duckdb"
    source = create(file, lambda con: datetime(2025, 1, 1))
    for name, text in {"az": OUTPUTS, "sqlcmd": SQLCMD}.items():
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    done = subprocess.run(
        ["bash", str(PROJECT / "infra" / "set_retention.sh")],
        env={
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "SOURCE": str(file),
            "HOURS": hours,
            "DEAF": deaf,
            "MEDALLION_SUBSCRIPTION_ID": "sub",
            "MEDALLION_RESOURCE_GROUP": "rg",
        },
        capture_output=True,
        text=True,
    )
    assert said in done.stdout + done.stderr
    assert (done.returncode == 0) == (wanted == 10080)
    found = source.query("SELECT retention FROM cdc.cdc_jobs WHERE job_type = N'cleanup'")
    assert found.read_all().to_pylist() == [{"retention": wanted}]


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
    uploads = [step for step in steps("deploy.yml") if "upload-artifact" in step.get("uses", "")]
    [upload] = [step for step in uploads if step["with"]["name"] == "dbt-state"]
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


@pytest.mark.parametrize("name", ["checks.yml", "ci.yml", "deploy.yml"])
def test_everything_that_a_workflow_calls_exists(name: str) -> None:
    commands = "\n".join(step.get("run", "") for step in steps(name))
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"\bmake ([\w./-]+)", commands):
        assert re.search(rf"^({re.escape(target)}|\$\(VENV\)/{Path(target).name}):", makefile, re.M)
    for script in re.findall(r"\bbash (\S+)", commands):
        assert (PROJECT / script).is_file()


# A substitute for the CLI of GitHub: the rules and environments of a repository.
GH = f"""#!{sys.executable}
import json, os, subprocess, sys
repository = json.loads(os.environ["REPOSITORY"])
asked = sys.argv[2].split("?")[0].removeprefix("repos/o/r/")
if asked not in repository:
    sys.exit("gh: Not Found (HTTP 404)")
answer = json.dumps(repository[asked])
if "--jq" in sys.argv:
    query = ["jq", "--raw-output", sys.argv[sys.argv.index("--jq") + 1]]
    answer = subprocess.run(query, input=answer, capture_output=True, text=True).stdout.strip()
print(answer)
"""
RULES = json.loads((PROJECT / ".github" / "rulesets" / "main.json").read_text("utf-8"))["rules"]
LIMITED = {
    "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True}
}


def protected() -> dict[str, Any]:
    """The answers of GitHub's API for a repository with all that the project requires."""
    answers: dict[str, Any] = {"rules/branches/main": deepcopy(RULES)}
    for name in ("production", "production-synapse"):
        answers[f"environments/{name}"] = deepcopy(LIMITED)
        policies = {"branch_policies": [{"name": "main"}]}
        answers[f"environments/{name}/deployment-branch-policies"] = policies
    return answers


def check_protection(folder: Path, repository: dict[str, Any]) -> subprocess.CompletedProcess:
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    return subprocess.run(
        ["bash", str(PROJECT / ".github" / "check_protection.sh")],
        env={
            "PATH": f"{folder}:{os.environ['PATH']}",
            "REPOSITORY": json.dumps(repository),
            "GITHUB_REPOSITORY": "o/r",
        },
        capture_output=True,
        text=True,
    )


def rule_of(repository: dict[str, Any], kind: str) -> dict[str, Any]:
    [rule] = [one for one in repository["rules/branches/main"] if one["type"] == kind]
    return rule["parameters"]


def unprotected(repository: dict[str, Any]) -> None:
    repository["rules/branches/main"] = []


def unreviewed(repository: dict[str, Any]) -> None:
    rule_of(repository, "pull_request")["required_approving_review_count"] = 0


def ownerless(repository: dict[str, Any]) -> None:
    rule_of(repository, "pull_request")["require_code_owner_review"] = False


def unchecked(repository: dict[str, Any]) -> None:
    rule_of(repository, "required_status_checks")["required_status_checks"].pop(0)


def open_environment(repository: dict[str, Any]) -> None:
    repository["environments/production"]["deployment_branch_policy"] = None


def another_branch(repository: dict[str, Any]) -> None:
    place = "environments/production-synapse/deployment-branch-policies"
    repository[place]["branch_policies"].append({"name": "release/*"})


def no_environment(repository: dict[str, Any]) -> None:
    del repository["environments/production-synapse"]


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        (unprotected, "main lacks the rule 'deletion'"),
        (unreviewed, "main lacks the rule 'pull_request'"),
        (ownerless, "main lacks the rule 'pull_request'"),
        (unchecked, "main lacks the rule 'required_status_checks'"),
        (open_environment, "'production' accepts other branches than main"),
        (another_branch, "'production-synapse' accepts other branches than main"),
        (no_environment, "there is no environment 'production-synapse'"),
    ],
)
def test_a_missing_protection_is_named(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], wanted: str
) -> None:
    repository = protected()
    change(repository)
    done = check_protection(tmp_path, repository)
    assert done.returncode == 1 and wanted in done.stderr, done.stderr


def test_a_protected_repository_and_a_stricter_one_pass(tmp_path: Path) -> None:
    repository = protected()
    assert check_protection(tmp_path, repository).returncode == 0
    rule_of(repository, "pull_request")["required_approving_review_count"] = 2
    rule_of(repository, "required_status_checks")["required_status_checks"].append({"context": "x"})
    repository["rules/branches/main"].append({"type": "required_linear_history"})
    assert check_protection(tmp_path, repository).returncode == 0


def test_the_required_checks_are_the_names_of_jobs_of_a_pull_request() -> None:
    """A called workflow's jobs have the name of the calling job before their own."""
    names = set()
    for job in workflow("ci.yml")["jobs"].values():
        if called := job.get("uses"):
            inner = workflow(Path(called).name)["jobs"].values()
            names |= {f"{job['name']} / {one['name']}" for one in inner}
        else:
            names.add(job["name"])
    required = rule_of({"rules/branches/main": RULES}, "required_status_checks")
    assert {one["context"] for one in required["required_status_checks"]} == names


def test_nothing_is_deployed_before_the_checks_and_the_protection() -> None:
    jobs = workflow("deploy.yml")["jobs"]

    def before(name: str) -> set[str]:
        needs = jobs[name].get("needs", [])
        found = {needs} if isinstance(needs, str) else set(needs)
        return found.union(*map(before, found))

    for name, job in jobs.items():
        if "environment" in job:
            assert "checks" in before(name), name
        if str(job.get("environment", "")).startswith("production"):
            assert "protection" in before(name), name


def test_jobs_sign_in_only_as_the_identity_of_their_environment() -> None:
    """The template trusts these environments: see githubEnvironment in infra/template.json."""
    signed = {
        job["environment"]: {
            step["with"]["client-id"]
            for step in job["steps"]
            if "azure/login" in step.get("uses", "")
        }
        for job in workflow("deploy.yml")["jobs"].values()
        if isinstance(job.get("environment"), str)
    }
    assert signed == {
        "production": {"${{ vars.AZURE_DEPLOY_CLIENT_ID }}"},
        "production-synapse": {"${{ vars.AZURE_DBT_CLIENT_ID }}"},
    }


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
