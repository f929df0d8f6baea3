"""Find and restore the damage that a power cut, a full disk or a person did to a home.

The lake is repaired first, because bronze is read from it. Then follow the tables, and then
everything that depends on them.
"""

from collections.abc import Iterator
from contextlib import ExitStack

from medallion.home import Home
from medallion.lock import single_run
from medallion_local.repair import control, files, leftovers, rebuild, tables
from medallion_local.repair.finding import Finding


def repair(home: Home, dry_run: bool = False) -> Iterator[Finding]:
    """Each damage with the action taken; with `dry_run` nothing is changed.

    The warehouse is stopped only if a table must go back to an earlier version. It runs again
    afterwards if it ran before. Raises `MedallionError` while an ingestion runs.
    """
    with ExitStack() as stack:
        if (home.factory / "ingest.lock").exists() and not dry_run:
            stack.enter_context(single_run(home.factory / "ingest.lock", "ingestion"))
        yield from leftovers.remove(home, dry_run)
        yield from control.restore(home, dry_run)
        yield from files.restore(home, dry_run)
        yield from _tables(home, dry_run)


def _tables(home: Home, dry_run: bool) -> Iterator[Finding]:
    damaged = list(tables.find(home))
    if not damaged:
        return
    if dry_run:
        yield from (one.finding for one in damaged)
        return
    from medallion_local.databricks_sql.lifecycle import process

    ran = process.stop(home)
    # A running statement has now ended, in success or failure.
    undone = [one for one in tables.find(home) if tables.undo(home, one)]
    yield from (one.finding for one in tables.find(home))  # damage that could not be undone
    yield from rebuild.rebuild(home, undone, stay_up=ran)
