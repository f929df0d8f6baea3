"""Reads the Data Factory files in their git layout: one JSON file per resource, named after it.

Each resource is read when a run needs it, so a broken file stops only the resources that refer to
it. Names are compared case-insensitively, as in the service.
Source: https://learn.microsoft.com/azure/data-factory/source-control
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from medallion.adf.parameters import typed
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT

ADF_FOLDER = PROJECT_ROOT / "adf"
Json = dict[str, Any]


@dataclass(frozen=True)
class FactoryFiles:
    """The folder that holds `factory/`, `linkedService/`, `dataset/`, `pipeline/`, `trigger/`."""

    folder: Path = ADF_FOLDER

    def pipelines(self) -> list[str]:
        """The names of all pipelines."""
        return sorted(file.stem for file in self._files("pipeline"))

    def pipeline(self, name: str) -> Json:
        """The properties of a pipeline."""
        return self._properties("pipeline", name)

    def dataset(self, name: str) -> Json:
        """The properties of a dataset."""
        return self._properties("dataset", name)

    def linked_service(self, name: str) -> Json:
        """The properties of a linked service."""
        return self._properties("linkedService", name)

    def global_parameters(self) -> Json:
        """The values of the factory's global parameters, by name.

        Studio writes the factory's file without `properties` when it has none. Raises
        `MedallionError` when the files of several factories contradict each other.
        """
        found: Json = {}
        for file in self._files("factory"):
            for name, one in _part(_part(_read(file), "properties"), "globalParameters").items():
                if not isinstance(one, dict) or "value" not in one:
                    raise MedallionError(f"{file}: the global parameter '{name}' has no value.")
                what = f"The global parameter '{name}' in {file}"
                value = typed(what, str(one.get("type", "")), one["value"])
                if name in found and found[name] != value:
                    raise MedallionError(
                        f"The files in {file.parent} give the global parameter '{name}' different "
                        "values; keep the file of one factory."
                    )
                found[name] = value
        return found

    def _files(self, kind: str) -> list[Path]:
        exact = self.folder / kind
        folder = exact if exact.is_dir() else _alike(self.folder, kind)
        return sorted(folder.glob("*.json")) if folder is not None else []

    def _properties(self, kind: str, name: str) -> Json:
        file = self.folder / kind / f"{name}.json"
        if not file.is_file():
            files = self._files(kind)
            file = next((one for one in files if one.stem.lower() == name.lower()), file)
            if file not in files:
                known = ", ".join(one.stem for one in files) or "none"
                raise MedallionError(f"{self.folder} has no {kind} '{name}'; it has {known}.")
        resource = _read(file)
        if str(resource.get("name")).lower() != name.lower():
            raise MedallionError(
                f"{file}: the resource is named '{resource.get('name')}', which does not match "
                "the file name; rename one of them."
            )
        if not isinstance(resource.get("properties"), dict):
            raise MedallionError(f"{file}: the {kind} has no 'properties'.")
        properties: Json = resource["properties"]
        return properties


def _alike(folder: Path, name: str) -> Path | None:
    """The folder with that name in another case."""
    found = folder.iterdir() if folder.is_dir() else iter(())
    return next((one for one in sorted(found) if one.name.lower() == name.lower()), None)


def _part(document: Json, name: str) -> Json:
    """An object in a document; empty when it is missing or not an object."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


@cache
def _parsed(file: Path, changed_ns: int) -> Json:
    try:
        resource = json.loads(file.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise MedallionError(f"{file} is not JSON: {error}.") from None
    if not isinstance(resource, dict):
        raise MedallionError(f"{file} is not a Data Factory resource; it needs a JSON object.")
    return resource


def _read(file: Path) -> Json:
    return _parsed(file, file.stat().st_mtime_ns)
