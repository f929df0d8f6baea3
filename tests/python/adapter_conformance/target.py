"""A pytest plugin: dbt's target is the local warehouse, and each test's outcome is recorded."""

import json
import os
from pathlib import Path

import pytest
from dbt_common.behavior_flags import BehaviorFlagRendered

TARGET = "ADAPTER_CONFORMANCE_TARGET"
RESULTS = "ADAPTER_CONFORMANCE_RESULTS"

# dbt searches the stack for the module that declares a flag, once per flag and adapter, only to
# name it in a warning. Below pytest this takes ten seconds per command.
BehaviorFlagRendered._default_source = staticmethod(lambda: "dbt.adapters.databricks.impl")


@pytest.fixture(scope="class")
def dbt_profile_target():
    """The settings of dbt's target."""
    return json.loads(os.environ[TARGET])


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
