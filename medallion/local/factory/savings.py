"""What change data capture saves: the bytes that a full reload of the source would land."""

import json
from pathlib import Path

from medallion.home import Home
from medallion.local.factory.run import tables
from medallion.local.source.database import SourceDatabase


def full_reload_bytes(home: Home) -> dict[str, int]:
    """Per table, its rows in the source now × the bytes per row of its first load's Parquet file.

    A table without a first load that had rows is left out: nothing tells its bytes per row.
    """
    source = SourceDatabase.open(home.source_database)
    found = {}
    for table in tables():
        name = f"{table['schema']}.{table['table']}"
        per_row = _bytes_per_row(home.lake / "control" / "receipts" / name)
        if per_row is not None:
            with source.query(f"SELECT COUNT_BIG(*) AS n FROM {name}") as reader:
                rows = reader.read_all().column("n")[0].as_py()
            found[name] = round(rows * per_row)
    return found


def _bytes_per_row(folder: Path) -> float | None:
    receipts = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
    first = [one for one in receipts if one["mode"] == "initial" and one["rows_written"]]
    if not first:
        return None
    latest = max(first, key=lambda one: str(one["ended_at"]))
    return float(latest["bytes"]) / float(latest["rows_written"])
