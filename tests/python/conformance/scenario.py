"""A scenario: a small change log and its delivery, kept as readable JSON.

All numbers are small and all days are near `BASE`. `place.py` moves it to a range of its own.
"""

import json
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from conformance.columns import COLUMNS, CONTROL, DAY, TIME

BASE = datetime(2025, 9, 1)  # a Monday: day 0 of every scenario
Change = dict[str, Any]  # `table`, its columns, and _start_lsn, _seqval, _operation, _commit_time


@dataclass
class Scenario:
    """Changes in log order, and batches: file label → the changes that the file delivers.

    A file named again in a later batch is overwritten with its old and its new changes.
    """

    changes: list[Change]
    batches: list[dict[str, list[int]]]
    region: str = "plain"  # region of its keys: plain, negative, huge
    why: str = ""
    made: dict[str, int] = field(default_factory=dict)  # the seed and number that generated it

    def size(self) -> tuple[int, int, int]:
        """The numbers of deliveries, batches and values, which shrinking reduces."""
        delivered = sum(len(rows) for batch in self.batches for rows in batch.values())
        values = sum(value is not None for change in self.changes for value in change.values())
        return delivered, len(self.batches), values


def to_json(scenario: Scenario) -> str:
    """The scenario as text, one line per change. NULL columns are omitted."""
    head = {"why": scenario.why, "made": scenario.made, "region": scenario.region}
    changes = [
        json.dumps(
            {column: _json_value(value) for column, value in change.items() if value is not None}
        )
        for change in scenario.changes
    ]
    batches = [json.dumps(batch) for batch in scenario.batches]
    lines = [f"  {json.dumps(key)}: {json.dumps(value)}," for key, value in head.items() if value]
    lines += ['  "changes": [', ",\n".join(f"    {change}" for change in changes), "  ],"]
    lines += ['  "batches": [', ",\n".join(f"    {batch}" for batch in batches), "  ]"]
    return "\n".join(["{", *lines, "}"]) + "\n"


def _json_value(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def from_json(text: str) -> Scenario:
    """The scenario in a text. Raises `ValueError` if the text is not a scenario."""
    parsed = json.loads(text)
    return Scenario(
        [_change(change) for change in parsed["changes"]],
        parsed["batches"],
        parsed.get("region", "plain"),
        parsed.get("why", ""),
        parsed.get("made", {}),
    )


def _change(stored: dict[str, Any]) -> Change:
    types = COLUMNS[stored["table"]] | CONTROL
    log = ("_start_lsn", "_seqval", "_operation", "_commit_time")
    columns = [*COLUMNS[stored["table"]], *log]
    if unknown := set(stored) - {"table", *columns}:
        raise ValueError(f"{stored['table']} has no column {min(unknown)}.")
    return {"table": stored["table"]} | {c: _value(stored.get(c), types[c]) for c in columns}


def _value(stored: Any, as_type: pa.DataType) -> Any:
    if stored is None:
        return None
    if as_type == TIME:
        return datetime.fromisoformat(stored)
    return date.fromisoformat(stored) if as_type == DAY else stored


def read_all(folder: Path) -> dict[str, Scenario]:
    """The kept scenarios of a folder, by name."""
    return {file.stem: from_json(file.read_text()) for file in sorted(folder.glob("*.json"))}
