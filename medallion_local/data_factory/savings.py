"""The savings of change data capture: rows and bytes that a full reload of the source would land.

A full reload lands each complete table. Its rows are the current rows of the source. Its bytes are
these rows × the bytes per row of the table's first load, which the same pipeline wrote as Parquet
with the same control columns. `medallion bench` runs a full reload and measures it.
"""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.home import Home
from medallion.ingestion.receipts import Receipt
from medallion.ingestion.request import tables
from medallion.ingestion.savings import Day, Size
from medallion_local.azure_sql.database import SourceDatabase

DELETE, INSERT = 1, 2
DATED = ("increment", "backfill")  # their rows carry the commit times of the changes


def full_reload(home: Home) -> dict[str, Size]:
    """Per table, the size of a full reload now.

    A table whose first load had no rows is left out, because its bytes per row are unknown.
    """
    source = SourceDatabase.open(home.source_database)
    found = {}
    for table in tables():
        name = f"{table['schema']}.{table['table']}"
        per_row = _bytes_per_row(home.lake / "control" / "receipts" / name)
        if per_row is not None:
            counted = f"SELECT COUNT_BIG(*) AS n FROM [{table['schema']}].[{table['table']}]"
            with source.query(counted) as reader:
                rows = reader.read_all().column("n")[0].as_py()
            found[name] = Size(rows, round(rows * per_row))
    return found


def full_reload_bytes(home: Home) -> dict[str, int]:
    """Per table, the bytes of a full reload now."""
    return {table: size.bytes for table, size in full_reload(home).items()}


def by_day(home: Home, receipts: list[Receipt], full: dict[str, Size]) -> list[Day]:
    """Per table and day of commits, the landed changes of a run; first loads have no days.

    The bytes of a file that spans days are divided by the days' rows. The rows of a full reload at
    a day's end are the current rows of the source, minus the inserts of the run's later days, plus
    their deletes.
    """
    found: list[Day] = []
    for table in dict.fromkeys(one.table for one in receipts if one.table in full):
        rows: dict[dt.date, int] = {}
        sizes: dict[dt.date, float] = {}
        grown: dict[dt.date, int] = {}
        for one in (one for one in receipts if one.table == table and one.mode in DATED):
            for day, operation, count in _counts(home.lake, one):
                rows[day] = rows.get(day, 0) + count
                sizes[day] = sizes.get(day, 0.0) + one.bytes * count / one.rows_written
                sign = {INSERT: 1, DELETE: -1}.get(operation, 0)
                grown[day] = grown.get(day, 0) + sign * count
        there, per_row = full[table].rows, full[table].bytes / max(full[table].rows, 1)
        days = []
        for day in sorted(rows, reverse=True):
            landed = Size(rows[day], round(sizes[day]))
            days.append(Day(table, day, landed, Size(there, round(there * per_row))))
            there -= grown[day]
        found += reversed(days)
    return found


def _counts(lake: Path, receipt: Receipt) -> Iterator[tuple[dt.date, int, int]]:
    """Per day and operation, the rows of the receipt's file."""
    if receipt.file is None:
        return
    rows = pq.read_table(lake / receipt.file, columns=["_commit_time", "_operation"])
    days = pa.table(
        {"day": rows.column("_commit_time").cast(pa.date32(), safe=False), "of": rows.column(1)}
    )
    counted = days.group_by(["day", "of"]).aggregate([([], "count_all")])
    for row in counted.to_pylist():
        yield row["day"], row["of"], row["count_all"]


def _bytes_per_row(folder: Path) -> float | None:
    receipts = [json.loads(file.read_text(encoding="utf-8")) for file in folder.glob("*.json")]
    first = [one for one in receipts if one["mode"] == "initial" and one["rows_written"]]
    if not first:
        return None
    latest = max(first, key=lambda one: str(one["ended_at"]))
    return float(latest["bytes"]) / float(latest["rows_written"])
