"""The source's catalogue, as sql/azure_sql/catalogue.sql writes it: tables, keys, captured columns.

The script runs on Azure SQL and on the local source database. Its JSON has one object per column
and capture instance.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.scaffold.types import type_text

SCRIPT = "sql/azure_sql/catalogue.sql"


@dataclass(frozen=True)
class Column:
    """A column; `type` is its T-SQL type, such as `nvarchar(200)`."""

    name: str
    type: str
    nullable: bool = True
    computed: bool = False
    description: str = ""


@dataclass(frozen=True)
class Instance:
    """A capture instance and the names of the columns that it captures."""

    name: str
    columns: frozenset[str]


@dataclass(frozen=True)
class SourceTable:
    """A table: its columns and primary key in order, its capture instances, the oldest first."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    instances: tuple[Instance, ...] = ()
    description: str = ""

    @property
    def full_name(self) -> str:
        """`dbo.Product`, as in folders, receipts and watermarks."""
        return f"{self.schema}.{self.name}"


def read_catalogue(text: str, where: str) -> list[SourceTable]:
    """The tables of the script's output. sqlcmd may wrap it, or print a header before it.

    Raises `MedallionError` if it is not that output.
    """
    begin, end = text.find("["), text.rfind("]")
    unwrapped = "".join(text[begin : end + 1].splitlines())
    try:
        rows = json.loads(unwrapped, strict=False)
        groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
        for row in rows:
            groups.setdefault((row["schema_name"], row["table_name"]), []).append(row)
        return [_table(group) for group in groups.values()]
    except (ValueError, KeyError, TypeError):
        raise MedallionError(
            f"{where} is not the output of {SCRIPT}: run the script with `sqlcmd -y 0` and pass "
            "its output."
        ) from None


def read_catalogue_file(file: Path) -> list[SourceTable]:
    """The tables of a file with the script's output."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise MedallionError(f"The catalogue {file} cannot be read: {error}.") from None
    return read_catalogue(text, str(file))


def _table(rows: Sequence[dict[str, Any]]) -> SourceTable:
    columns: dict[int, Column] = {}
    keys: dict[int, str] = {}
    captured: dict[str, set[str]] = {}
    for row in rows:
        name, number = row["column_name"], row["column_id"]
        columns[number] = Column(
            name,
            type_text(row["type_name"], row["max_length"], row["precision"], row["scale"]),
            bool(row["is_nullable"]),
            bool(row["is_computed"]),
            " ".join((row.get("column_description") or "").split()),
        )
        if row["key_ordinal"]:
            keys[row["key_ordinal"]] = name
        if row["capture_instance"]:
            found = captured.setdefault(row["capture_instance"], set())
            if row["is_captured"]:
                found.add(name)
    first = rows[0]
    return SourceTable(
        first["schema_name"],
        first["table_name"],
        tuple(columns[number] for number in sorted(columns)),
        tuple(keys[number] for number in sorted(keys)),
        tuple(Instance(name, frozenset(names)) for name, names in captured.items()),
        " ".join((first.get("table_description") or "").split()),
    )


def find_table(tables: Sequence[SourceTable], schema: str, name: str) -> SourceTable:
    """The table of that name, ignoring case. Raises `MedallionError` if there is none."""
    for table in tables:
        if (table.schema.lower(), table.name.lower()) == (schema.lower(), name.lower()):
            return table
    near = ", ".join(table.full_name for table in tables[:12]) or "none"
    raise MedallionError(
        f"The source has no table {schema}.{name}: name one of its tables ({near}"
        f"{', …' if len(tables) > 12 else ''})."
    )


def captured_by(table: SourceTable, wanted: str | None = None) -> tuple[SourceTable, Instance]:
    """The table with only the columns that one of its capture instances records, and the instance.

    It is the instance with most columns, `wanted` among equals, else the newest. Computed columns
    are left out, because SQL Server captures NULL in them.
    """
    numbered = enumerate(table.instances)
    _, instance = max(
        numbered, key=lambda one: (len(one[1].columns), one[1].name == wanted, one[0])
    )
    kept = tuple(c for c in table.columns if c.name in instance.columns and not c.computed)
    return replace(table, columns=kept), instance
