"""A catalogue of the source, as sql/azure_sql/catalogue.sql writes it."""

import json
import re
from collections.abc import Sequence
from pathlib import Path

WIDE = ("nchar", "nvarchar")


def rows(
    table: str,
    columns: dict[str, str],
    key: Sequence[str] = (),
    captured: Sequence[Sequence[str]] | None = None,
    computed: Sequence[str] = (),
    schema: str = "dbo",
) -> list[dict]:
    """One object per column and capture instance; `captured` lists the columns per instance."""
    instances = [list(columns)] if captured is None else captured
    found = []
    for number, (name, kind) in enumerate(columns.items(), start=1):
        for place, names in enumerate(instances or [None]):
            instance = None if names is None else f"{schema}_{table}" + ("" if not place else "_2")
            found.append(
                {"schema_name": schema, "table_name": table, "column_name": name}
                | {"column_id": number, "is_nullable": name not in key}
                | {"is_computed": name in computed, "capture_instance": instance}
                | {"is_captured": int(names is not None and name in names)}
                | {"key_ordinal": list(key).index(name) + 1 if name in key else None}
                | {"table_description": None, "column_description": None}
                | _type(kind)
            )
    return found


def _type(text: str) -> dict:
    name, *numbers = re.findall(r"\w+", text)
    length, precision, scale = 0, 0, 0
    if name in ("decimal", "numeric"):
        precision, scale = map(int, numbers)
    elif name in ("time", "datetime2", "datetimeoffset"):
        scale = int(numbers[0])
    elif numbers:
        length = -1 if numbers[0] == "max" else int(numbers[0]) * (2 if name in WIDE else 1)
    return {"type_name": name, "max_length": length, "precision": precision, "scale": scale}


def write(file: Path, *tables: list[dict]) -> Path:
    """Write a catalogue of tables. Returns its path."""
    file.write_text(json.dumps([row for table in tables for row in table]), encoding="utf-8")
    return file
