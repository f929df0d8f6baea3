"""Open the database file while other processes use it, and report DuckDB's errors in one line."""

import fcntl
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from medallion import disk
from medallion.errors import MedallionError
from medallion_local.azure_sql.system import LAYOUT
from medallion_local.tsql.errors import translated

# A simulated day of 100,000 changes holds the file for less than 10 s.
LOCK_TIMEOUT = 30.0
PAUSE = 0.02  # between attempts, in seconds, plus or minus half


def connect(path: Path, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Open the file. Waits up to `LOCK_TIMEOUT` seconds for another process to release its lock."""
    deadline = time.monotonic() + LOCK_TIMEOUT
    with _turn(path, deadline):
        while True:
            try:
                con = duckdb.connect(str(path), read_only=read_only)
            except (
                duckdb.IOException,
                duckdb.ConnectionException,
                duckdb.BinderException,
            ) as error:
                if not _is_busy(str(error)):
                    message = disk.sentence(error)
                    message = message or f"{path} cannot be opened: {_first_line(error)}"
                    raise MedallionError(message) from None
                _pause(path, deadline)
            else:
                break
    _check_layout(con, path)
    con.execute("SET schema = 'dbo'")
    con.execute("SET TimeZone = 'UTC'")
    con.execute("SET enable_progress_bar = false")
    return con


@contextmanager
def _turn(path: Path, deadline: float) -> Iterator[None]:
    """Wait for a turn to open the file. Without turns, many readers would starve a writer."""
    with path.with_name(path.name + ".turn").open("ab") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _pause(path, deadline)
            else:
                break
        yield  # closing the file releases the lock


def _pause(path: Path, deadline: float) -> None:
    if time.monotonic() > deadline:
        raise MedallionError(
            f"{path} is still in use after {LOCK_TIMEOUT:.0f} s: close the program that uses it"
        ) from None
    time.sleep(PAUSE * random.uniform(0.5, 1.5))


@contextmanager
def sentences() -> Iterator[None]:
    """Raise DuckDB's errors as a `MedallionError` of one line."""
    try:
        yield
    except duckdb.Error as error:
        message = translated(str(error)) or disk.sentence(error)
        raise MedallionError(
            message or f"the source database reports: {_first_line(error)}"
        ) from None


def _check_layout(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        row = con.execute("SELECT value FROM stand_in.settings WHERE name = 'layout'").fetchone()
    except duckdb.CatalogException:
        row = None
    if row != (LAYOUT,):
        con.close()
        raise MedallionError(
            f"{path} is not a source database of this version: "
            "create it again with `medallion source init --force`"
        )


def _is_busy(message: str) -> bool:
    return any(
        sign in message
        for sign in ("Could not set lock", "different configuration", "Unique file handle conflict")
    )


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()[0]
    for prefix in ("Invalid Input Error: ", "Invalid Error: "):
        text = text.removeprefix(prefix)
    return text
