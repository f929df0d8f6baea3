"""Leftovers of interrupted runs: unfinished files, to which nothing refers."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from medallion.home import Home
from medallion_local.databricks_sql.commits import LOG
from medallion_local.repair.finding import Finding
from medallion_local.repair.tables import catalog

_UNFINISHED = ".*.tmp"
_OF_DELTA = "*.*#[0-9]*"  # delta-rs and Sail write `name#1`, and link or rename it


def remove(home: Home, dry_run: bool) -> Iterator[Finding]:
    """One finding for all such files. Files of tables are removed only if the warehouse is down."""
    from medallion_local.databricks_sql.lifecycle.process import running

    places = [home.lake / "bronze", home.lake / "control", home.root]
    if running(home) is None:
        places += [home.warehouse / "scratch", *(table.folder for table in catalog(home))]
    found = dict.fromkeys(file for place in places for file in _in(home, place))
    if not found:
        return
    what = f"{len(found)} unfinished files of interrupted runs in {home.root}"
    if dry_run:
        yield Finding(what, "would be removed")
        return
    for file in found:
        file.unlink(missing_ok=True)
    shutil.rmtree(home.lake / "control" / "incoming", ignore_errors=True)
    yield Finding(what, "removed", restored=True)


def _in(home: Home, place: Path) -> Iterator[Path]:
    if place == home.root:
        yield from home.root.glob("*_building_*.duckdb*")
    elif place == home.warehouse / "scratch":
        yield from (file for file in place.rglob("*") if file.is_file())
    elif place.is_dir():
        yield from (file for file in place.rglob(_UNFINISHED) if file.is_file())
        if (place / LOG).is_dir():
            yield from (file for file in place.rglob(_OF_DELTA) if file.is_file())
        if place == home.lake / "control":
            yield from (file for file in (place / "incoming").rglob("*") if file.is_file())
