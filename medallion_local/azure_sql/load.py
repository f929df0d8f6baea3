"""Load CSV files into the source database: the first load, and later upserts."""

from collections.abc import Callable, Container
from datetime import datetime, timedelta
from pathlib import Path

import duckdb

from medallion.errors import MedallionError
from medallion_local.azure_sql import catalog, csvfiles, database
from medallion_local.azure_sql.catalog import Table
from medallion_local.azure_sql.database import SourceDatabase

Counts = dict[str, dict[str, int]]
OnRepeated = Callable[[str, int], None]  # a table's name, and the number of repeated keys
FALLBACK_BEGIN = datetime(2025, 1, 1)  # used if no row has a timestamp


def init_empty(path: Path, force: bool = False) -> SourceDatabase:
    """Create the database at `path` with the tables of sql/azure_sql/, without rows."""
    return database.create(path, begin_after, force)


def init_from_csv(
    path: Path,
    folder: Path,
    force: bool = False,
    strict: bool = False,
    on_repeated: OnRepeated | None = None,
    required: Container[str] | None = None,
) -> SourceDatabase:
    """Create the database at `path` from one CSV file per table in `folder`; all or nothing.

    If several rows have one key, the last one is loaded, and `on_repeated` receives the table and
    the number of such keys; with `strict` they are an error. A table that is not in `required`, by
    default none, may have no file and then stays empty. Change data capture begins after the
    load, at midnight after the latest timestamp in the data.
    """
    if not folder.is_dir():
        raise MedallionError(f"the folder {folder} with the tables' CSV files does not exist")

    def load(con: duckdb.DuckDBPyConnection) -> datetime:
        for table in catalog.tables(con):
            file = folder / f"{table.name}.csv"
            if required is not None and table.name not in required and not file.exists():
                continue
            if not csvfiles.read(con, file, table, "_rows"):
                raise MedallionError(f"{file} has no rows below its header")
            repeated = csvfiles.repeated_keys(con, file, table, "_rows", strict)
            if repeated and on_repeated:
                on_repeated(table.full_name, repeated)
            fill(con, table, _last_of_each_key(table, "_rows") if repeated else "_rows")
        return begin_after(con)

    return database.create(path, load, force)


def fill(con: duckdb.DuckDBPyConnection, table: Table, relation: str) -> None:
    """Copy checked rows into an empty table, in the order of its key."""
    columns = ", ".join(c.sql for c in table.columns)
    keys = ", ".join(k.sql for k in table.keys)
    con.execute(f"INSERT INTO {table.sql} SELECT {columns} FROM {relation} ORDER BY {keys}")


def _last_of_each_key(table: Table, relation: str) -> str:
    """The relation with only the last row of each key."""
    keys = ", ".join(k.sql for k in table.keys)
    return f"(SELECT DISTINCT ON ({keys}) * FROM {relation} ORDER BY {keys}, _line DESC)"


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


def apply_csv(path: Path, folder: Path, at: datetime | None = None, strict: bool = False) -> Counts:
    """Upsert the rows of the files in `folder` by key, all in one transaction.

    Each row is a separate change, in the order of its file, so the last row of a key wins. A row
    that equals the current row of its key changes nothing. With `strict` a repeated key is an
    error. All files are checked before the first one is written. The counts are the changes, and
    `repeated` is the number of keys that occur in several rows.
    """
    if not folder.is_dir():
        raise MedallionError(f"the folder {folder} with the tables' CSV files does not exist")
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() == ".csv")
    if not files:
        raise MedallionError(f"{folder} has no CSV file: name each file after its table")
    counts: Counts = {}
    with SourceDatabase.open(path).session(at) as session:
        con = session.con
        loaded: list[tuple[Table, str]] = []
        for number, (file, table) in enumerate(_tables_of(files, catalog.tables(con))):
            relation = f"_rows_{number}"
            csvfiles.read(con, file, table, relation)
            repeated = csvfiles.repeated_keys(con, file, table, relation, strict)
            counts[table.name] = {"inserted": 0, "updated": 0, "deleted": 0, "repeated": repeated}
            loaded.append((table, relation))
        with session.transaction():
            for table, relation in loaded:
                inserted, updated = session.upsert(table, relation)
                counts[table.name] |= {"inserted": inserted, "updated": updated}
    return counts


def _tables_of(files: list[Path], tables: list[Table]) -> list[tuple[Path, Table]]:
    """Each file with the table that it is named after, ignoring case."""
    known = {table.name.lower(): table for table in tables}
    found: dict[str, Path] = {}
    for file in files:
        name = file.stem.lower()
        if name not in known:
            names = ", ".join(table.name for table in tables)
            raise MedallionError(f"{file} does not match a table; the tables are {names}")
        if name in found:
            raise MedallionError(f"{found[name]} and {file} match the same table: remove one")
        if not known[name].keys:
            raise MedallionError(f"{known[name].full_name} has no primary key to apply {file} by")
        found[name] = file
    return [(file, known[name]) for name, file in found.items()]
