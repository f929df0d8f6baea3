"""Lands batches of scenarios: a file per table and label, named as the pipelines name them."""

import os
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from conformance.columns import COLUMNS, INT, SHAPES, Shape
from conformance.place import ERA, FIRST_ERA, Place, World
from conformance.scenario import BASE
from oracle.changes import KEYS, Change, History
from oracle.reference import MARKETS, PLANS, Listing

INGESTED = datetime(2026, 1, 1)
BIGGEST_INT = 2**31 - 1
PRICES = (("Basic", "5.00"), ("Plus", "9.99"), ("Twin", "9.99"))  # `Secret` is in no list
COMMON_PLANS = (("Free", "0.00"), ("Premium", "11.99"), ("Family", "19.99"))
Dropped = Callable[[str, Change], bool]  # a faulty delivery: which rows of a table never land


class Landing:
    """A lake that scenarios land in, batch by batch, and all that has landed in it so far."""

    def __init__(self, lake: Path, dropped: Dropped | None = None) -> None:
        self.lake = lake
        self.history: History = {table: [] for table in KEYS}
        self.listings: dict[str, list[Listing]] = {PLANS: [], MARKETS: []}
        self.dropped = dropped
        self._held: dict[Path, list[Change]] = {}
        self._landings = 0

    def land(self, world: World, numbers: list[int], batch: int) -> None:
        """Land a batch of these scenarios. A file that is named again is overwritten with more."""
        self._landings += 1
        files: dict[tuple[Path, Shape, str], list[Change]] = defaultdict(list)
        for number in numbers:
            scenario, place = world.scenarios[number], world.places[number]
            for label, indexes in _batch(scenario.batches, batch).items():
                for index in indexes:
                    change = scenario.changes[index]
                    file = self._file(change["table"], label, place)
                    shape = SHAPES[label.split("_")[0]]
                    files[file, shape, change["table"]].append(place.row(change))
        for (file, shape, table), rows in files.items():
            held = self._held.setdefault(file, [])
            held += rows
            self.history[table] += held
            self._write(file, shape, table, held)

    def _file(self, table: str, label: str, place: Place) -> Path:
        shape, *days = label.split("_")
        if shape == "backfill":
            first, last = (place.moment(_day(int(day))) for day in days)
            name = f"backfill_{first:%Y-%m-%d}_{last:%Y-%m-%d}"
        elif shape == "rerun":
            name = f"0x{0xFFFF:020X}"
        else:
            name = f"0x{self._landings * 0x100 + list(SHAPES).index(shape):020X}"
        if shape == "late":
            name += "_late"
        return self.lake / "bronze" / "azure_sql" / f"dbo.{table}" / f"{name}.parquet"

    def _write(self, file: Path, shape: Shape, table: str, rows: list[Change]) -> None:
        extra = {
            "_ingested_at": INGESTED + timedelta(hours=self._landings),
            "_run_id": f"conformance {self._landings}",
            "_file": f"bronze/azure_sql/dbo.{table}/{file.name}",
        }
        kept = [row | extra for row in rows if not (self.dropped and self.dropped(table, row))]
        file.parent.mkdir(parents=True, exist_ok=True)
        # A key too large for the column as it was means that the source had widened it.
        big = any(
            row[column] is not None and abs(row[column]) > BIGGEST_INT
            for column, as_type in COLUMNS[table].items()
            if as_type == INT
            for row in rows
        )
        schema = (
            Shape(pa.int64(), shape.times, shape.added, shape.narrow) if big else shape
        ).schema(table)
        known = set(schema.names)
        told = [{c: v for c, v in row.items() if c in known} for row in kept]
        staged = file.with_suffix(".staged")
        parquet.write_table(pa.Table.from_pylist(told, schema=schema), staged)
        staged.replace(file)

    def land_listings(self, groups: int, changed_at: datetime | None = None) -> None:
        """Land the two GitHub files, with plans for so many groups; later, with other prices."""
        landed_at = changed_at or datetime(2005, 1, 1)
        plus = "4.00" if changed_at else dict(PRICES)["Plus"]
        plans = [*COMMON_PLANS]
        for number in range(groups):
            plans += [(f"{name} {number}", price) for name, price in PRICES]
        lines = [
            {
                "plan": plan,
                "monthly_price": Decimal(plus if plan.startswith("Plus ") else price),
                "currency": "NOK" if changed_at and plan.startswith("Twin ") else "EUR",
                "max_devices": 1,
            }
            for plan, price in plans
        ]
        self._list(PLANS, Listing(landed_at, lines))
        region = "Nordics" if changed_at else "North"
        norway = {"country": "Norway", "iso_code": "NO", "region": region, "currency": "NOK"}
        chile = {"country": "Chile", "iso_code": "CL", "region": "South", "currency": "CLP"}
        self._list(MARKETS, Listing(landed_at, [norway, chile]))

    def _list(self, name: str, listing: Listing) -> None:
        self.listings[name].append(listing)
        file = self.lake / "bronze" / "github" / name / f"run-{len(self.listings[name])}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [",".join(listing.lines[0])]
        lines += [",".join(map(str, line.values())) for line in listing.lines]
        staged = file.with_suffix(".staged")
        staged.write_text("\n".join(lines) + "\n")
        landed_at = (listing.landed_at - datetime(1970, 1, 1)).total_seconds()
        os.utime(staged, (landed_at, landed_at))
        staged.replace(file)


def _batch(batches: list[dict[str, list[int]]], batch: int) -> dict[str, list[int]]:
    return batches[batch] if batch < len(batches) else {}


def _day(offset: int) -> datetime:
    return BASE + timedelta(days=offset)


def middle_of(eras: int) -> datetime:
    """A moment amid the commits of the era in the middle."""
    return FIRST_ERA + (eras // 2) * ERA + timedelta(days=30)


def land(lake: Path, batch: History, number: int) -> None:
    """Land rows as they are: a file per table that has any."""
    for table, rows in batch.items():
        if rows:
            name = f"batch_{number:04}.parquet"
            extra = {"_ingested_at": INGESTED, "_run_id": f"run {number}", "_file": name}
            file = lake / "bronze" / "azure_sql" / f"dbo.{table}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            told = [row | extra for row in rows]
            schema = SHAPES["plain"].schema(table)
            parquet.write_table(pa.Table.from_pylist(told, schema=schema), file)
