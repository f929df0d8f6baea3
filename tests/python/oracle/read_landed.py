"""The change rows of every Parquet file that landed in the lake, as the oracle reads them."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet

from oracle.changes import KEYS, Change, History


def read_landed(lake: Path) -> History:
    """Every landed change row per source table, with redeliveries, in no particular order."""
    folder = lake / "bronze" / "azure_sql"
    return {
        table: [
            row for file in sorted(folder.glob(f"dbo.{table}/**/*.parquet")) for row in _rows(file)
        ]
        for table in KEYS
    }


def _rows(file: Path) -> list[Change]:
    rows = parquet.ParquetFile(file).read().to_pylist()
    return [{column: plain(value) for column, value in row.items()} for row in rows]


def plain(value: Any) -> Any:
    """The value with its time zone, if it has one, converted to UTC and dropped."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    if isinstance(value, date | datetime | int | str | None):
        return value
    raise TypeError(f"A landed value is a {type(value).__name__}, which no source column is.")
