"""The size of an ingestion compared with a full reload of the source."""

import datetime as dt
from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """Rows, and bytes of Parquet."""

    rows: int
    bytes: int

    def __add__(self, other: "Size") -> "Size":
        return Size(self.rows + other.rows, self.bytes + other.bytes)


@dataclass(frozen=True)
class Day:
    """A table's landed changes of one day (UTC, by commit), and a reload at the day's end."""

    table: str
    day: dt.date
    landed: Size
    full: Size
