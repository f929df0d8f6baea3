"""databricks.yml as a target would deploy it, and the faults in it.

Databricks' CLI, which would report them, cannot be installed here. The bundles' Python support can:
its models are generated from the same schema.
"""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import yaml
from databricks.bundles.jobs import Job
from databricks.bundles.sql_warehouses import SqlWarehouse
from pathspec import GitIgnoreSpec

from support.lakehouse import PROJECT

Bundle = dict[str, Any]

MODELS: dict[str, Callable[[Any], Any]] = {
    "jobs": Job.from_dict,
    "sql_warehouses": SqlWarehouse.from_dict,
}
# The keys of the bundle reference that this bundle uses. No model of them exists.
TOP = {"bundle", "variables", "sync", "resources", "targets"}
VARIABLE = {"description", "default"}
TARGET = {"default", "mode", "workspace", "variables", "permissions"}
# The attributes of a resource that exist once it is deployed.
COMPUTED = {"sql_warehouses": {"id"}, "jobs": {"id"}}
REFERENCE = re.compile(r"\$\{([\w.]+)\}")


def read_bundle() -> Bundle:
    """The file, parsed."""
    return yaml.safe_load((PROJECT / "databricks.yml").read_text(encoding="utf-8"))


def variables(bundle: Bundle, target: str) -> dict[str, str | None]:
    """The value of each variable in a target; `None` if the deployer provides it."""
    defaults = {name: one.get("default") for name, one in bundle["variables"].items()}
    return defaults | bundle["targets"][target].get("variables", {})


def faults(bundle: Bundle) -> list[str]:
    """The faults that a deployment would reject, as one sentence each."""
    return list(_faults(bundle))


def _faults(bundle: Bundle) -> Iterator[str]:
    yield from (f"{key}: no key of a bundle" for key in bundle.keys() - TOP)
    for name, variable in bundle["variables"].items():
        yield from (f"variables.{name}.{key}: no key" for key in variable.keys() - VARIABLE)
    for name, target in bundle["targets"].items():
        yield from (f"targets.{name}.{key}: no key" for key in target.keys() - TARGET)
        unknown = target.get("variables", {}).keys() - bundle["variables"].keys()
        yield from (f"targets.{name}.variables.{key}: not declared" for key in unknown)
    for kind, resources in bundle["resources"].items():
        for name, resource in resources.items():
            try:
                MODELS[kind](resource)
            except (KeyError, TypeError, ValueError) as error:
                yield f"resources.{kind}.{name}: {error}"
    for path, text in texts(bundle):
        for reference in REFERENCE.findall(text):
            if not _known(bundle, reference):
                yield f"{path}: ${{{reference}}} is nothing"
    used = {one for _, text in texts(bundle) for one in REFERENCE.findall(text)}
    unused = {f"var.{name}" for name in bundle["variables"]} - used
    yield from (f"{name}: never used" for name in sorted(unused))


def _known(bundle: Bundle, reference: str) -> bool:
    match reference.split("."):
        case ["var", name]:
            return name in bundle["variables"]
        case ["bundle", "name" | "target"] | ["workspace", "file_path"]:
            return True
        case ["resources", kind, name, field]:
            return name in bundle["resources"].get(kind, {}) and field in COMPUTED[kind]
    return False


def texts(node: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text in the bundle, with its path."""
    match node:
        case dict():
            for key, value in node.items():
                yield from texts(value, f"{path}.{key}".lstrip("."))
        case list():
            for number, value in enumerate(node):
                yield from texts(value, f"{path}[{number}]")
        case str():
            yield path, node


def resolved(text: str, values: dict[str, str]) -> str:
    """A text with its references replaced. A reference without a value is a `KeyError`."""
    return REFERENCE.sub(lambda found: values[found[1]], text)


def copy_synced(bundle: Bundle, folder: Path) -> None:
    """Copy the files that a deployment puts into the workspace: those that git tracks and that
    are not excluded."""
    excluded = GitIgnoreSpec.from_lines(bundle["sync"]["exclude"])
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    tracked = subprocess.run(listed, cwd=PROJECT, capture_output=True, text=True, check=True)
    for file in tracked.stdout.splitlines():
        if not excluded.match_file(file) and (PROJECT / file).is_file():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(PROJECT / file, folder / file)
