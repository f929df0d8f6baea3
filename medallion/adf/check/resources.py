"""Reads a folder in git layout for the check; any content of the files is reported, not raised.

Source: https://learn.microsoft.com/azure/data-factory/source-control
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.fault import Fault

# The folders of the git layout, in the order in which the service deploys their resources.
KINDS = (
    "factory",
    "managedVirtualNetwork",
    "managedPrivateEndpoint",
    "credential",
    "integrationRuntime",
    "linkedService",
    "dataset",
    "dataflow",
    "pipeline",
    "trigger",
)
NESTED = "managedPrivateEndpoint"  # under managedVirtualNetwork/NAME/
Json = dict[str, Any]


@dataclass(frozen=True)
class Resource:
    """One file: `kind` is its folder's name, `file` its path relative to the factory's folder."""

    kind: str
    file: str
    document: Json

    @property
    def stem(self) -> str:
        """The resource's name according to the file name."""
        return Path(self.file).stem

    @cached_property
    def properties(self) -> Json:
        """The object under `properties`; empty when it is missing or not an object."""
        found = self.document.get("properties")
        return found if isinstance(found, dict) else {}

    def part(self, name: str) -> Json:
        """An object under `properties`, such as `parameters`; empty when missing or invalid."""
        found = self.properties.get(name)
        return found if isinstance(found, dict) else {}

    def fault(self, path: str, message: str, fix: str, warning: bool = False) -> Fault:
        """A fault in this file."""
        return Fault(self.file, path, message, fix, warning)


@dataclass
class Factory:
    """All resources of a folder, and the faults of files that could not be read as one."""

    folder: Path
    resources: list[Resource] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    @cached_property
    def _named(self) -> dict[tuple[str, str], Resource]:
        return {(one.kind, one.stem.lower()): one for one in reversed(self.resources)}

    def find(self, kind: str, name: str) -> Resource | None:
        """A resource by its name, case-insensitive as in the service."""
        return self._named.get((kind, name.lower()))

    def names(self, kind: str) -> list[str]:
        """The names of all resources of a kind."""
        return [one.stem for one in self.resources if one.kind == kind]

    @cached_property
    def global_parameters(self) -> Json | None:
        """The declared global parameters, or None without a file of the factory itself."""
        found = [one.part("globalParameters") for one in self.resources if one.kind == "factory"]
        return {key: one for each in found for key, one in each.items()} if found else None


def load(folder: Path) -> Factory:
    """Read every resource under a folder. Raises `MedallionError` when there is none."""
    if not folder.is_dir():
        raise MedallionError(
            f"{folder} is not a folder; name a folder that contains pipeline/ and the like."
        )
    factory = Factory(folder)
    for kind, file in _files(folder):
        _read(factory, kind, file)
    if not factory.resources and not factory.faults:
        raise MedallionError(
            f"{folder} is not a Data Factory folder; it needs JSON files in pipeline/ and the like."
        )
    return factory


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    # Users' folders differ in case; the service's own do not.
    known = {kind.lower(): kind for kind in KINDS if kind != NESTED}
    found = sorted((one for one in folder.iterdir() if one.is_dir()), key=lambda one: one.name)
    for one in sorted(found, key=lambda one: one.name.lower()):
        kind = known.get(one.name.lower())
        if kind is None:
            continue
        yield from ((kind, file) for file in sorted(one.glob("*.json")) if file.is_file())
        if kind == "managedVirtualNetwork":
            yield from ((NESTED, file) for file in sorted(one.glob(f"*/{NESTED}/*.json")))


def _read(factory: Factory, kind: str, file: Path) -> None:
    name = file.relative_to(factory.folder).as_posix()

    def fault(path: str, message: str, fix: str, warning: bool = False) -> None:
        factory.faults.append(Fault(name, path, message, fix, warning))

    content = file.read_bytes()
    if content.startswith(b"\xef\xbb\xbf"):
        fault("$", "the file begins with a byte order mark", "save it as UTF-8 without one", True)
    twice: list[str] = []

    def pairs(found: list[tuple[str, Any]]) -> Json:
        kept = dict(found)
        twice.extend(key for key in kept if [one for one, _ in found].count(key) > 1)
        return kept

    try:
        document = json.loads(content.decode("utf-8-sig"), object_pairs_hook=pairs)
    except UnicodeDecodeError:
        fault("$", "the file is not UTF-8", "save it in that encoding")
        return
    except RecursionError:
        fault("$", "the JSON is nested too deeply to be read", "reduce its nesting")
        return
    except ValueError as error:
        fault("$", f"the file is not JSON ({error})", "correct it there")
        return
    for key in dict.fromkeys(twice):
        fault("$", f"the property '{key}' occurs twice in one object", "keep one of them")
    if not isinstance(document, dict):
        fault("$", "the file has no JSON object", "write one with 'name' and 'properties'")
    else:
        factory.resources.append(Resource(kind, name, document))
