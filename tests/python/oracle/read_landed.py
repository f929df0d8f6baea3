"""The change rows of every landed Parquet file, and the lines of every landed CSV file."""

import csv
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from oracle.changes import KEYS, Change, History
from oracle.reference import COLUMNS, Listing, Listings


def read_landed(lake: Path) -> History:
    """Every landed change row per source table, with redeliveries, in no particular order."""
    folder = lake / "bronze" / "azure_sql"
    return {
        table: [
            row for file in sorted(folder.glob(f"dbo.{table}/**/*.parquet")) for row in _rows(file)
        ]
        for table in KEYS
    }


def read_listings(lake: Path) -> Listings:
    """Every landed state of the GitHub files. A file's landing time is its modification time."""
    return {
        name: [_listing(file) for file in (lake / "bronze" / "github" / name).glob("*.csv")]
        for name in COLUMNS
    }


def _listing(file: Path) -> Listing:
    microseconds = file.stat().st_mtime_ns // 1000
    landed_at = datetime(1970, 1, 1) + timedelta(microseconds=microseconds)
    with file.open(newline="") as opened:
        return Listing(landed_at, [_typed(line) for line in csv.DictReader(opened)], file.name)


def _typed(line: dict[str, str]) -> dict[str, Any]:
    typed: dict[str, Any] = {column: text or None for column, text in line.items()}
    if line.get("monthly_price"):
        typed["monthly_price"] = Decimal(line["monthly_price"])
    if line.get("max_devices"):
        typed["max_devices"] = int(line["max_devices"])
    return typed


def _rows(file: Path) -> list[Change]:
    rows = parquet.ParquetFile(file).read().to_pylist()
    return [{column: plain(value) for column, value in row.items()} for row in rows]


def plain(value: Any) -> Any:
    """The value; a time with a time zone is converted to UTC without a time zone."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, date | datetime | int | str | None):
        return value
    raise TypeError(f"A landed value is a {type(value).__name__}, which no source column is.")
