"""A pytest plugin: dbt's target is the local warehouse, and each test's outcome is recorded."""

import inspect
import json
import os
import re
from pathlib import Path

import pytest
import sqlparse
from dbt_common.behavior_flags import BehaviorFlagRendered

TARGET = "ADAPTER_CONFORMANCE_TARGET"
RESULTS = "ADAPTER_CONFORMANCE_RESULTS"
_TEXT = re.compile(r"(data_type: |schema |db |::| as )text\b(?! +from)", re.IGNORECASE)

# dbt searches the stack for the module that declares a flag, once per flag and adapter, only to
# name it in a warning. Below pytest this takes ten seconds per command.
BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters.databricks.impl")


@pytest.fixture(scope="class")
def dbt_profile_target():
    """The settings of dbt's target."""
    return json.loads(os.environ[TARGET])


def _folder(request) -> Path:
    """The folder of the public class, in which its files are."""
    return Path(inspect.getfile(request.cls.__base__)).parent


@pytest.fixture(scope="class")
def test_data_dir(request):
    """The folder with the data of the tests."""
    return _folder(request) / "data"


@pytest.fixture(scope="class")
def project(project, request):
    """dbt's project. Types and scripts for Postgres are those that Databricks takes."""
    for file in Path(project.project_root).rglob("*"):
        if file.suffix in (".sql", ".yml"):
            given = file.read_text()
            file.write_text(_TEXT.sub(r"\1string", given))
    run = project.run_sql

    def run_each(sql, fetch=None):
        return [run(one, fetch) for one in _of_databricks(sql)][-1]

    project.run_sql = run_each
    project.test_dir = _folder(request)
    return project


def _of_databricks(script: str) -> list[str]:
    """The statements of a script; TEXT, and the words after TIMESTAMP, are Postgres'."""
    script = re.sub(r"\btext\b", "string", script, flags=re.IGNORECASE)
    script = re.sub(r"\s+without time zone\b", "", script, flags=re.IGNORECASE)
    return [one.rstrip().rstrip(";") for one in sqlparse.split(script)] or [script]


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Append a line for each phase of a test that did not pass, and for its call."""
    outcome = yield
    report = outcome.get_result()
    if report.when != "call" and report.passed:
        return
    line = {
        "test": f"{item.cls.conformance}::{item.name}",
        "outcome": report.outcome,
        "message": _first_lines(call.excinfo) if report.failed else "",
        "text": report.longreprtext + report.capstdout if report.failed else "",
        "seconds": round(report.duration, 1),
    }
    with Path(os.environ[RESULTS]).open("a", encoding="utf-8") as out:
        out.write(json.dumps(line) + "\n")


def _first_lines(error) -> str:
    return " ".join(str(error.value).split())[:300] if error is not None else ""
