"""Compares published tables with the oracle's, and finds the scenarios of rows that differ."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from conformance.place import World

Rows = list[dict[str, Any]]

KEY_OF = {
    "silver.dim_user": "user_id",
    "silver.dim_artist": "artist_id",
    "silver.dim_track": "track_id",
    "silver.fct_streams": "stream_id",
    "silver.fct_subscription_changes": "user_id",
}
TEXT_OF = {"silver.dim_device": "device_type"}
DAY_OF = {
    "silver.dim_date": "date_day",
    "gold.mart_daily_listening": "date_day",
    "gold.mart_top_tracks_weekly": "week_start",
    "gold.mart_top_artists_weekly": "week_start",
    "gold.mart_user_engagement": "date_day",
    "gold.mart_user_retention": "cohort_week",
    "gold.mart_catalog_health": "date_day",
}


@dataclass
class Difference:
    """Where a table differs from what the history means, and whose rows those are."""

    table: str
    stage: str
    absent: Rows = field(default_factory=list)  # expected, but not there
    unexpected: Rows = field(default_factory=list)
    owners: set[int] = field(default_factory=set)

    def lines(
        self, shown: int = 3, owner: Callable[[dict], bool] = lambda row: True
    ) -> Iterator[str]:
        """Tell the first rows, for a person."""
        for name, rows in (("expected, but absent", self.absent), ("unexpected", self.unexpected)):
            told = [row for row in rows if owner(row)]
            if told:
                yield f"{self.table} {self.stage}: {len(told)} {name}"
            yield from (f"    {told_row(row)}" for row in told[:shown])


def told_row(row: dict[str, Any]) -> str:
    """A row on one line."""
    return ", ".join(f"{column}={value}" for column, value in row.items())


def owners_of(world: World, table: str, row: dict[str, Any]) -> set[int]:
    """The scenarios that a row speaks of: one by its key or text, those of an era by its day."""
    if table in KEY_OF:
        return world.owner_of_key(row[KEY_OF[table]])
    if table == "gold.mart_subscription_movements":
        return world.owners_of_plan(row["plan"], row["date_day"])
    owners = world.owner_of_text(row[TEXT_OF[table]]) if table in TEXT_OF else set()
    return owners or (world.owners_of_day(row[DAY_OF[table]]) if table in DAY_OF else set())


def compare(
    world: World, table: str, stage: str, actual: Rows, expected: Rows
) -> Difference | None:
    """Nothing if both hold the same rows, in the columns that the actual ones have."""
    lacking = set(expected[0]) - set(actual[0]) if expected and actual else set()
    expected = [{c: v for c, v in row.items() if c not in lacking} for row in expected]
    found = Difference(table, stage)
    here, there = Counter(map(_line, actual)), Counter(map(_line, expected))
    if here == there:
        return None
    found.absent = _only(expected, there - here)
    found.unexpected = _only(actual, here - there)
    for row in _causes(table, found.absent + found.unexpected):
        found.owners |= owners_of(world, table, row)
    return found


def _causes(table: str, rows: Rows) -> Rows:
    """Of a plan, a wrong day makes the subscribers of all later ones wrong."""
    if table != "gold.mart_subscription_movements":
        return rows
    first: dict[str, Any] = {}
    for row in rows:
        plan = row["plan"]
        first[plan] = min(first.get(plan, row["date_day"]), row["date_day"])
    return [row for row in rows if row["date_day"] == first[row["plan"]]]


def _only(rows: Rows, lines: Counter) -> Rows:
    told, left = [], lines.copy()
    for row in rows:
        line = _line(row)
        if left[line] > 0:
            left[line] -= 1
            told.append(row)
    return told


def _line(row: dict[str, Any]) -> tuple:
    return tuple((c, round(v, 9) if isinstance(v, float) else v) for c, v in sorted(row.items()))
