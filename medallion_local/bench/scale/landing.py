"""The landed files that all engines of a comparison read: the first load, and two kinds of days."""

import os
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from medallion.home import Home
from medallion_local.bench import churn
from medallion_local.bench.measured import Measured, measure
from medallion_local.generator.generate import init_generated
from medallion_local.generator.simulate import simulate

DAY_SHARE, DAY_WITHIN = 0.001, timedelta(days=7)
WORST_SHARE = 0.0226  # 226,000 of ten million plays
TRANSACTIONS = 24
LANDED = ("bronze", "control")


@dataclass(frozen=True)
class Size:
    """How much is generated: plays, the days over which they spread, and users."""

    plays: int
    days: int
    users: int
    seed: int


@dataclass(frozen=True)
class Files:
    """The rows and bytes in the landed files of the change log."""

    plays: int
    rows: int
    bytes: int


@dataclass(frozen=True)
class Landing:
    """A lake per step. The lake of a day contains the files of the first load too."""

    lakes: dict[str, Path]
    files: dict[str, Files]
    ingests: dict[str, Measured]


def land(size: Size, folder: Path) -> Landing:
    """Generate the source and land the first load, an ordinary day and the worst day."""
    first = Home(folder / "first")
    per_day = -(-size.plays // size.days)
    init_generated(first.source_database, size.users, per_day, size.seed, size.days)
    homes = {"first": first, "day": Home(folder / "day"), "worst": Home(folder / "worst")}
    ingests = {"first": _ingest(first)}
    for step in ("day", "worst"):
        shutil.copytree(first.root, homes[step].root)
        source = homes[step].source_database
        if step == "day":
            churn.change(source, DAY_SHARE, size.seed, TRANSACTIONS, within=DAY_WITHIN)
        else:
            churn.change(source, WORST_SHARE, size.seed, TRANSACTIONS)
            simulate(source, 1, size.seed, max(10, round(size.plays * DAY_SHARE)))
        ingests[step] = _ingest(homes[step])
    for home in homes.values():
        home.source_database.unlink()
    lakes = {step: home.lake for step, home in homes.items()}
    return Landing(lakes, {step: _files(lake) for step, lake in lakes.items()}, ingests)


def add(lake: Path, to: Home) -> None:
    """Put the landed files of a lake into a home. Its other files stay."""
    for folder in LANDED:
        shutil.copytree(lake / folder, to.lake / folder, dirs_exist_ok=True)


def copied(home: Home, to: Path) -> Home:
    """A copy of a home whose warehouse is stopped. Both share the immutable data files."""
    shutil.copytree(
        home.root, to, copy_function=lambda one, two: _copy(Path(one), Path(two)), symlinks=True
    )
    return Home(to)


def _copy(file: Path, to: Path) -> Path:
    if file.suffix == ".parquet":
        os.link(file, to)
        return to
    return Path(shutil.copy2(file, to))


def _ingest(home: Home) -> Measured:
    return measure("ingest", ["medallion", "ingest"], home.root)


def _files(lake: Path) -> Files:
    import pyarrow.parquet as pq

    files = sorted((lake / "bronze").rglob("*.parquet"))
    rows = {file: pq.read_metadata(file).num_rows for file in files}
    plays = sum(count for file, count in rows.items() if file.parent.name == "dbo.FactStream")
    return Files(plays, sum(rows.values()), sum(file.stat().st_size for file in files))
