"""Reads the Data Factory files in their git layout: one JSON file per resource, named like it."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT

ADF_FOLDER = PROJECT_ROOT / "adf"


@dataclass(frozen=True)
class FactoryFiles:
    """The folder that holds `factory/`, `linkedService/`, `dataset/`, `pipeline/`, `trigger/`."""

    folder: Path = ADF_FOLDER

    def pipelines(self) -> list[str]:
        """The names of all pipelines."""
        return sorted(file.stem for file in (self.folder / "pipeline").glob("*.json"))

    def pipeline(self, name: str) -> dict[str, Any]:
        """The properties of a pipeline."""
        return self._properties("pipeline", name)

    def dataset(self, name: str) -> dict[str, Any]:
        """The properties of a dataset."""
        return self._properties("dataset", name)

    def linked_service(self, name: str) -> dict[str, Any]:
        """The properties of a linked service."""
        return self._properties("linkedService", name)

    def global_parameters(self) -> dict[str, Any]:
        """The values of the factory's global parameters, by name."""
        found: dict[str, Any] = {}
        for file in sorted((self.folder / "factory").glob("*.json")):
            declared = _read(file).get("properties", {}).get("globalParameters", {})
            found |= {name: one["value"] for name, one in declared.items()}
        return found

    def _properties(self, kind: str, name: str) -> dict[str, Any]:
        file = self.folder / kind / f"{name}.json"
        if not file.is_file():
            known = ", ".join(sorted(one.stem for one in file.parent.glob("*.json")))
            raise MedallionError(f"No {kind} '{name}' in {self.folder}; it has {known or 'none'}.")
        resource = _read(file)
        if resource.get("name") != name:
            raise MedallionError(
                f"{file} names itself '{resource.get('name')}'; rename one of both."
            )
        properties: dict[str, Any] = resource["properties"]
        return properties


@cache
def _parsed(file: Path, changed_ns: int) -> dict[str, Any]:
    try:
        resource = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise MedallionError(f"{file} is not JSON: {error}.") from None
    if not isinstance(resource, dict) or not isinstance(resource.get("properties"), dict):
        raise MedallionError(f"{file} is no Data Factory resource; it needs 'properties'.")
    return resource


def _read(file: Path) -> dict[str, Any]:
    return _parsed(file, file.stat().st_mtime_ns)
