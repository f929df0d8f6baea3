"""The tables that Synapse serves: marts and dimensions, from the contracts in the models' YAML."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.macros import call_macro
from medallion.yaml_files import load

# The two SQL pools. The dbt macro `served_by` says which models each serves.
SERVED, POOLED = "serverless", "dedicated"
# The folders of published models; each lies in the lake's container of its layer.
FOLDERS = {"gold": "gold", "silver/core": "silver"}


@dataclass(frozen=True)
class Column:
    """A column of a contract: its type, and the maximum length of a text in bytes of UTF-8."""

    name: str
    kind: str
    description: str
    length: int | None = None
    personal: bool = False

    @property
    def served(self) -> bool:
        """Whether readers see it: control columns are not served."""
        return not self.name.startswith("_")


@dataclass(frozen=True)
class Table:
    """A served model, read from the folder of its name in a container of the lake."""

    name: str
    container: str
    description: str
    columns: tuple[Column, ...]

    def folder(self, lake: Path) -> Path:
        """The folder of its Delta table."""
        return lake / self.container / self.name


def served_tables(project: Path = PROJECT_ROOT, where: str = SERVED) -> list[Table]:
    """Every served table, marts first; with `where=POOLED` those of the dedicated pool.

    Raises `MedallionError` for a column without a type, or with an invalid length.
    """
    default = _load(project / "dbt_project.yml")["vars"]["served_text_length"]
    return [
        table
        for folder, layer in FOLDERS.items()
        for file in sorted((project / "models" / folder).glob("*.yml"))
        if where in call_macro("served_by", layer, file.stem)
        for table in _tables(file, layer, default)
    ]


def _load(file: Path) -> Mapping[str, Any]:
    return load(file) or {}


def _tables(file: Path, container: str, default: int) -> Iterator[Table]:
    for model in _load(file).get("models", []):
        columns = tuple(_column(one, file, default) for one in model["columns"])
        yield Table(model["name"], container, line(model["description"]), columns)


def _column(column: Mapping[str, Any], file: Path, default: int) -> Column:
    name, kind = column["name"], column.get("data_type")
    if not isinstance(kind, str):
        raise MedallionError(f"{file}: the column {name} has no data_type; add it.")
    meta = column.get("config", {}).get("meta", {})
    length = meta.get("max_length", default)
    if not isinstance(length, int) or not 0 < length <= 8000:
        raise MedallionError(
            f"{file}: max_length of {name} is {length}; use a number of bytes from 1 to 8000."
        )
    described = line(column.get("description", ""))
    personal = "pii" in column.get("databricks_tags", {})
    return Column(name, kind, described, length if kind == "string" else None, personal)


def line(text: str) -> str:
    """A text of YAML on one line."""
    return " ".join(text.split())
