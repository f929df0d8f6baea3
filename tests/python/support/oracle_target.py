"""A test double for a project: it publishes the oracle's result for a corrupted history."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from conformance.columns import COLUMNS
from oracle import publish
from oracle.changes import History
from oracle.read_landed import read_landed, read_listings
from support.published_tables import NAMED, Rows

DIMENSIONS = {dimension: number for _, dimension, number in NAMED.values()}
KEYS = {"user_id": "user_key", "track_id": "track_key", "artist_id": "artist_key"}
KEYS |= {"plan": "subscription_plan_key"}


@dataclass
class OracleTarget:
    """Reads the landed files, corrupts the history, and publishes without the `lacking` tables.

    The reconciliation is missing: an overwritten file is read once, so deliveries are not counted.
    """

    lake: Path
    spoil: Callable[[History], History]
    lacking: set[str] = field(default_factory=lambda: {"silver.reconciliation"})
    published: dict[str, Rows] = field(default_factory=dict)
    listings: dict[str, dict] = field(default_factory=dict)  # including overwritten ones
    builds: int = 0

    def build(self) -> None:
        """Publish the oracle's tables for the corrupted history."""
        self.builds += 1
        for name, listings in read_listings(self.lake).items():
            self.listings.setdefault(name, {}).update((one[::2], one) for one in listings)
        listed = {name: [*listings.values()] for name, listings in self.listings.items()}
        reported = publish(self.spoil(_whole(read_landed(self.lake))), listed)
        self.published = {
            table: [_with_keys(table, row) for row in rows]
            for table, rows in reported.items()
            if table not in self.lacking
        }

    def refresh(self) -> bool:
        """Publish again."""
        self.build()
        return True

    def read(self) -> dict[str, Rows]:
        """The published tables."""
        return self.published

    def set_clock(self, ahead: list[int]) -> None:
        """Do nothing: it has no clock."""


def _whole(history: History) -> History:
    """The rows with all columns. A file from before a column was added has NULL in it."""
    return {
        table: [dict.fromkeys(COLUMNS[table]) | change for change in changes]
        for table, changes in history.items()
    }


def _with_keys(table: str, row: dict) -> dict:
    """The row with surrogate keys, as a real project publishes it."""
    named = {name: key for key, (name, _, _) in NAMED.items()} | {"device_type": "device_key"}
    if table in DIMENSIONS:
        number = DIMENSIONS[table]
        return row | {KEYS[number]: str((row[number], row["valid_from"]))}
    if table == "silver.dim_device":
        return row | {"device_key": row["device_type"]}
    if table in ("silver.fct_streams", "silver.fct_subscription_changes"):
        return {named.get(c, c): str(v) if c in named else v for c, v in row.items()}
    return row
