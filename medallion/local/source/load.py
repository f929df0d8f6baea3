"""CSV files into the source database: its first load, and later upserts."""

from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from medallion.errors import MedallionError
from medallion.local.source import catalog, csvfiles, database
from medallion.local.source.catalog import Table
from medallion.local.source.database import SourceDatabase

Counts = dict[str, dict[str, int]]
FALLBACK_BEGIN = datetime(2025, 1, 1)  # when no row has a timestamp


def init_from_csv(path: Path, folder: Path, force: bool = False) -> SourceDatabase:
    """Create the database at `path` from one CSV file per table in `folder`; all or nothing.

    Change data capture begins after the load, at midnight after the latest timestamp in the data.
    """
    if not folder.is_dir():
        raise MedallionError(f"there is no folder {folder} with the tables' CSV files")

    def load(con: duckdb.DuckDBPyConnection) -> datetime:
        for table in catalog.tables(con):
            file = folder / f"{table.name}.csv"
            if not csvfiles.read(con, file, table, "_rows"):
                raise MedallionError(f"{file} has no rows below its header")
            fill(con, table, "_rows")
        return begin_after(con)

    return database.create(path, load, force)


def fill(con: duckdb.DuckDBPyConnection, table: Table, relation: str) -> None:
    """Copy checked rows into an empty table, in the order of its key."""
    columns = ", ".join(c.sql for c in table.columns)
    keys = ", ".join(k.sql for k in table.keys)
    con.execute(f"INSERT INTO {table.sql} SELECT {columns} FROM {relation} ORDER BY {keys}")


def begin_after(con: duckdb.DuckDBPyConnection) -> datetime:
    """Midnight (UTC) after the latest timestamp in the data."""
    latest: datetime | None = None
    for table in catalog.tables(con):
        for column in table.columns:
            if column.duckdb_type == "TIMESTAMP":
                row = con.execute(f"SELECT max({column.sql}) FROM {table.sql}").fetchone()
                if row and row[0] is not None:
                    latest = max(latest or row[0], row[0])
    if latest is None:
        return FALLBACK_BEGIN
    return latest.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def apply_csv(path: Path, folder: Path, at: datetime | None = None) -> Counts:
    """Upsert the rows of the files in `folder` by key, each file in one transaction of its own.

    Rows that equal what is there change nothing. All files are checked before the first is written.
    """
    files = sorted(folder.glob("*.csv"))
    if not files:
        raise MedallionError(f"there is no CSV file in {folder}: name each as its table")
    counts: Counts = {}
    with SourceDatabase.open(path).session(at) as session:
        con = session.con
        known = {t.name.lower(): t for t in catalog.tables(con)}
        for number, file in enumerate(files):
            if file.stem.lower() not in known:
                names = ", ".join(t.name for t in known.values())
                raise MedallionError(f"{file} is named as no table; there are {names}")
            csvfiles.read(con, file, known[file.stem.lower()], f"_rows_{number}")
        for number, file in enumerate(files):
            table = known[file.stem.lower()]
            match = " AND ".join(f"t.{k.sql} = r.{k.sql}" for k in table.keys)
            differs = " OR ".join(f"t.{c.sql} IS DISTINCT FROM r.{c.sql}" for c in table.columns)
            rows = f"_rows_{number}"
            for kind, query in {
                "_new": f"SELECT r.* FROM {rows} AS r ANTI JOIN {table.sql} AS t ON {match}",
                "_changed": f"SELECT r.* FROM {rows} AS r INNER JOIN {table.sql} AS t ON {match} "
                f"WHERE {differs}",
            }.items():
                con.execute(f"CREATE OR REPLACE TEMP TABLE {kind} AS {query}")
            with session.transaction():
                updated = session.update(table, "_changed")
                inserted = session.insert(table, "_new")
            counts[table.name] = {"inserted": inserted, "updated": updated, "deleted": 0}
    return counts
