"""Inject faults into the small factory, and check that each one is found."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medallion.adf.check import check
from support.small_factory import activity, at, expression, files, reference, write

Files = dict[str, dict[str, Any]]
OUTER = "pipeline/outer"
INNER = "pipeline/inner"
LOOK = "$.properties.activities[0]"
EACH = "$.properties.activities[1]"
CHOOSE = "$.properties.activities[2]"
TELL = "$.properties.activities[3]"
SETTINGS = "$.properties.typeProperties"


def outer(found: Files, *keys: str | int) -> Any:
    return at(found, OUTER, "activities", *keys)


def look(found: Files) -> Any:
    return outer(found, 0, "typeProperties")


def each(found: Files) -> Any:
    return outer(found, 1, "typeProperties")


def choose(found: Files) -> Any:
    return outer(found, 2, "typeProperties")


def tell(found: Files) -> Any:
    return outer(found, 3)


def lake(found: Files) -> Any:
    return at(found, "linkedService/lake", "typeProperties")


def call(found: Files) -> Any:
    return each(found)["activities"][0]["typeProperties"]["ifTrueActivities"][0]["typeProperties"]


def recurrence(found: Files) -> Any:
    return at(found, "trigger/hourly", "typeProperties", "recurrence")


def window(found: Files, **settings: Any) -> None:
    """Add a tumbling window trigger in addition to the hourly one."""
    found["trigger/window"] = {
        "name": "window",
        "properties": {
            "type": "TumblingWindowTrigger",
            "pipeline": {
                "pipelineReference": reference("Pipeline", "inner"),
                "parameters": {"table": "@trigger().outputs.windowStartTime", "size": 1},
            },
            "typeProperties": {
                "frequency": "Hour",
                "interval": 1,
                "startTime": "2025-01-01T00:00:00Z",
                "maxConcurrency": 1,
                **settings,
            },
        },
    }


CALL = f"{EACH}.typeProperties.activities[0].typeProperties.ifTrueActivities[0].typeProperties"
VAULT_FIX = "move it to Key Vault and refer to it by an AzureKeyVaultSecret"
OUT = "move it into its own pipeline and call that with ExecutePipeline"
ENTITY = r"begin with a letter, a digit or _ and use none of < > * # . % & : \ + ? /"
LONG = "a" * 56


def inside(found: Files, kind: str, one: dict[str, Any]) -> None:
    """Put an activity into the ForEach, or into the If inside it."""
    block = each(found)["activities"]
    (block if kind == "ForEach" else block[0]["typeProperties"]["ifTrueActivities"]).append(one)


def loop(name: str = "Loop") -> dict[str, Any]:
    rest = [activity("Rest", "Wait", waitTimeInSeconds=1)]
    return activity(name, "Until", expression=expression("@equals(1, 1)"), activities=rest)


def branch(name: str = "Branch") -> dict[str, Any]:
    return activity(name, "IfCondition", expression=expression("@equals(1, 1)"))


IN_EACH = f"{EACH}.typeProperties.activities"
IN_IF = f"{IN_EACH}[0].typeProperties.ifTrueActivities"


def copy(found: Files, **changed: Any) -> None:
    """Put a Copy of a JSON file into the inner pipeline."""
    store = {"type": "AzureBlobFSReadSettings"}
    one = activity(
        "Copy",
        "Copy",
        source={"type": "JsonSource", "storeSettings": store},
        sink={"type": "JsonSink", "storeSettings": {"type": "AzureBlobFSWriteSettings"}},
    )
    one["inputs"] = [reference("Dataset", "files", parameters={"file": "a"})]
    one["outputs"] = [reference("Dataset", "files", parameters={"file": "b"})]
    for key, value in changed.items():
        (one if key in ("inputs", "outputs") else one["typeProperties"])[key] = value
    at(found, INNER, "activities").append(one)


COPY = "$.properties.activities[1]"


def said(text: str) -> Callable[[Files], Any]:
    """Set an expression as the URL that the Web activity calls."""
    return lambda f: tell(f)["typeProperties"].update(url=expression(text))


URL = f"{TELL}.typeProperties.url.value"


# The name of an injected fault, the function that injects it, and what the check must report: the
# file, the path, the message and the fix.
InjectedFault = tuple[str, Callable[[Files], Any], str, str, str, str]


def each_of(*found: InjectedFault) -> Any:
    """A parametrization over injected faults."""
    return pytest.mark.parametrize("injected", [pytest.param(one[1:], id=one[0]) for one in found])


def see(folder: Path, injected: Any) -> None:
    """Inject a fault, and check that it is reported; other reported faults are in the same file."""
    change, file, path, message, fix = injected
    found = files()
    change(found)
    faults = check(write(folder, found))
    reported = [(one.file, one.path, one.message, one.fix) for one in faults if not one.warning]
    assert (f"{file}.json", path, message, fix) in reported
    assert all(one[0] == f"{file}.json" for one in reported), reported
    assert not any("hidden1" in str(one) for one in faults)
