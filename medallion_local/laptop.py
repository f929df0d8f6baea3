"""The emulators as the operator's tool uses them; `medallion.laptop` says what each function does.

This module is the entry point `medallion.laptop` of the distribution.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medallion.adf.files import FactoryFiles
from medallion.finding import Finding
from medallion.home import Home
from medallion.laptop import Landed, Progress


def ingest(
    home: Home,
    table: str | None,
    from_date: str | None,
    to_date: str | None,
    allow_partial: bool,
    crash_before: str | None,
    crash_after: str | None,
    progress: Progress,
) -> Landed:
    """Run `pl_ingest` on this machine; `progress` gets a table, its activity, and its end."""
    from medallion_local.data_factory import crash, run  # the engine is slow to import
    from medallion_local.data_factory.savings import by_day, full_reload
    from medallion_local.data_factory.watching import watching

    listener, files = watching(progress), FactoryFiles()
    for named, after in ((crash_before, False), (crash_after, True)):
        if named is not None:
            listener = crash.dying_at(crash.boundary(files, named, after), listener)
    result = run.ingest(home, table, from_date, to_date, listener, allow_partial=allow_partial)
    if not (result.receipts or result.references):
        return Landed(result, {}, ())
    full = full_reload(home)
    return Landed(result, full, by_day(home, result.receipts, full))


def catalogue(home: Home) -> str:
    """The output of sql/azure_sql/catalogue.sql on the home's source database, as JSON."""
    from medallion_local.azure_sql.catalogue import read

    return read(home.source_database)


def start_warehouse(home: Home) -> str:
    """Start the home's warehouse if it does not run, add it to profiles.yml, and say so."""
    from medallion_local.databricks_sql.lifecycle.bring_up import bring_up

    return bring_up(home)


@contextmanager
def empty_warehouse(work: Path) -> Iterator[dict[str, str]]:
    """A warehouse without tables while the block runs; yields the environment for dbt."""
    from medallion_local.databricks_sql.lifecycle.process import start, stop
    from medallion_local.databricks_sql.lifecycle.profiles import write_profile

    home = Home(work / "home")
    home.root.mkdir(parents=True)
    state, _ = start(home, None)
    try:
        write_profile(home.root, home, state)
        yield {
            "MEDALLION_HOME": str(home.root),
            "DBT_PROFILES_DIR": str(home.root),
            "DBT_LOG_PATH": str(work / "logs"),
        }
    finally:
        stop(home)


def purge_table(home: Home, schema: str, name: str) -> tuple[int, int]:
    """Remove old files and log entries of a table. Returns the number of both."""
    from medallion_local import erasure

    return erasure.purge(home, schema, name)


def announce_rewritten(home: Home, file: Path, size: int, modified_ns: int) -> None:
    """Let bronze know the size that a landed file will have, so it is not read again."""
    from medallion_local import erasure

    erasure.announce(home, file, size, modified_ns)


def left_running(home: Home) -> str:
    """A sentence about the warehouse if it runs; it outlives the commands."""
    from medallion_local.databricks_sql.lifecycle.process import running

    state = running(home)
    if state is None:
        return ""
    return f"The warehouse still runs, as process {state.pid}: `medallion down` stops it."


def examine(home: Home) -> Iterator[Finding]:
    """What the emulators lack on this machine and in this home."""
    from medallion_local import doctor

    return doctor.examine(home)
