"""Land batches of scenarios: one file per table and label, named as the pipelines name them."""

import os
from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as parquet

from conformance.columns import COLUMNS, INT, SHAPES, Shape
from conformance.listings import Delivery
from conformance.place import Place, World
from conformance.scenario import BASE
from oracle.changes import KEYS, Change, History
from oracle.reference import COLUMNS as LISTED
from oracle.reference import MARKETS, PLANS, Listing

INGESTED = datetime(2026, 1, 1)
BIGGEST_INT = 2**31 - 1
MICROSECOND = timedelta(microseconds=1)
Dropped = Callable[[str, Change], bool]  # a faulty delivery: the rows of a table that never land


class Landing:
    """A lake in which scenarios land batch by batch, and everything that has landed in it."""

    def __init__(self, lake: Path, dropped: Dropped | None = None) -> None:
        self.lake = lake
        self.history: History = {table: [] for table in KEYS}
        self.listings: dict[str, list[Listing]] = {PLANS: [], MARKETS: []}
        self.dropped = dropped
        self._held: dict[Path, list[Change]] = {}
        self._landings = 0

    def land(self, world: World, numbers: list[int], batch: int) -> None:
        """Land a batch of these scenarios. A file named again is overwritten with more changes."""
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
        shape, *words = label.split("_")
        if shape == "backfill":
            first, last = (place.moment(_day(int(day))) for day in words[:2])
            name = f"backfill_{first:%Y-%m-%d}_{last:%Y-%m-%d}"
            if "since" in words:
                name += f"_since_0x{int(words[-1]):020X}"
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
        # A key too large for the column's type means that the source had widened the column.
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
        content = [{c: v for c, v in row.items() if c in known} for row in kept]
        staged = file.with_suffix(".staged")
        parquet.write_table(pa.Table.from_pylist(content, schema=schema), staged)
        staged.replace(file)

    def land_lists(self, delivered: Iterable[Delivery], batch: int) -> None:
        """Land this batch's states of the GitHub files, with their own times."""
        for one in delivered:
            if one.batch == batch:
                self.listings[one.file].append(one.listing)
                self._list(one.file, one.listing)

    def _list(self, name: str, listing: Listing) -> None:
        file = self.lake / "bronze" / "github" / name / (listing.name + ".csv")
        file.parent.mkdir(parents=True, exist_ok=True)
        lines = [",".join(LISTED[name])]
        lines += [",".join("" if v is None else f"{v}" for v in x.values()) for x in listing.lines]
        staged = file.with_suffix(".staged")
        staged.write_text("\n".join(lines) + "\n")
        landed_at = (listing.landed_at - datetime(1970, 1, 1)) // MICROSECOND * 1000
        os.utime(staged, ns=(landed_at, landed_at))
        staged.replace(file)


def _batch(batches: list[dict[str, list[int]]], batch: int) -> dict[str, list[int]]:
    return batches[batch] if batch < len(batches) else {}


def _day(offset: int) -> datetime:
    return BASE + timedelta(days=offset)


def land(lake: Path, batch: History, number: int) -> None:
    """Land rows unchanged: one file per table that has rows."""
    for table, rows in batch.items():
        if rows:
            name = f"batch_{number:04}.parquet"
            extra = {"_ingested_at": INGESTED, "_run_id": f"run {number}", "_file": name}
            file = lake / "bronze" / "azure_sql" / f"dbo.{table}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            content = [row | extra for row in rows]
            schema = SHAPES["plain"].schema(table)
            parquet.write_table(pa.Table.from_pylist(content, schema=schema), file)
