"""Compare published tables with the oracle's, and find the scenarios of the rows that differ."""

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
    "quarantine.quarantined_plays": "stream_id",
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
    """The rows in which a table differs from the oracle, and the scenarios that own them."""

    table: str
    stage: str
    absent: Rows = field(default_factory=list)  # expected, but missing
    unexpected: Rows = field(default_factory=list)
    owners: set[int] = field(default_factory=set)

    def lines(
        self, shown: int = 3, owner: Callable[[dict], bool] = lambda row: True
    ) -> Iterator[str]:
        """The first rows, in readable form."""
        for name, rows in (("expected, but absent", self.absent), ("unexpected", self.unexpected)):
            shown_rows = [row for row in rows if owner(row)]
            if shown_rows:
                yield f"{self.table} {self.stage}: {len(shown_rows)} {name}"
            yield from (f"    {row_text(row)}" for row in shown_rows[:shown])


def row_text(row: dict[str, Any]) -> str:
    """A row on one line."""
    return ", ".join(f"{column}={value}" for column, value in row.items())


def owners_of(world: World, table: str, row: dict[str, Any]) -> set[int]:
    """The scenarios that own a row: one by its key or text, or those of an era by its day."""
    if table in KEY_OF:
        return world.owner_of_key(row[KEY_OF[table]])
    if table == "gold.mart_subscription_movements":
        return world.owners_of_plan(row["plan"], row["date_day"])
    owners = world.owner_of_text(row[TEXT_OF[table]]) if table in TEXT_OF else set()
    return owners or (world.owners_of_day(row[DAY_OF[table]]) if table in DAY_OF else set())


def compare(
    world: World, table: str, stage: str, actual: Rows, expected: Rows
) -> Difference | None:
    """The difference in the columns that the actual rows have; None if the rows are equal."""
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
    """The first wrong day of each plan: it makes the subscribers of all later days wrong."""
    if table != "gold.mart_subscription_movements":
        return rows
    first: dict[str, Any] = {}
    for row in rows:
        plan = row["plan"]
        first[plan] = min(first.get(plan, row["date_day"]), row["date_day"])
    return [row for row in rows if row["date_day"] == first[row["plan"]]]


def _only(rows: Rows, lines: Counter) -> Rows:
    kept, left = [], lines.copy()
    for row in rows:
        line = _line(row)
        if left[line] > 0:
            left[line] -= 1
            kept.append(row)
    return kept


def _line(row: dict[str, Any]) -> tuple:
    return tuple((c, round(v, 9) if isinstance(v, float) else v) for c, v in sorted(row.items()))
