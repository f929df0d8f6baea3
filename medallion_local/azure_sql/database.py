"""The emulator of one Azure SQL database, in one DuckDB file.

Every call opens and closes the file, so that several processes can take turns.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
from sqlglot import exp

from medallion.durable import make_folder, sync_file, sync_folder
from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion_local.azure_sql import catalog, cdc, changelog, json_text, rows, system, tsql
from medallion_local.azure_sql.connection import connect, sentences
from medallion_local.azure_sql.session import Rows, Session, last_commit

SCRIPTS = PROJECT_ROOT / "sql" / "azure_sql"
NUMBERED = "[0-9]*.sql"  # the scripts that prepare a database, in their order


@dataclass(frozen=True)
class Overview:
    """Summary of one captured table: its rows, its change rows, and its minimum LSN as text."""

    table: str
    rows: int
    changes: int
    min_lsn: str


def query_in(text: str) -> exp.Query | None:
    """The T-SQL's tree if it is a single statement that only reads, else None."""
    trees = [tree for batch in tsql.batches(text) for tree in tsql.parse(batch)]
    if len(trees) == 1 and isinstance(trees[0], exp.Query) and not trees[0].find(exp.Into):
        return trees[0]
    return None


@dataclass(frozen=True)
class SourceDatabase:
    """A source database that exists. Use `open` as its constructor."""

    path: Path

    @staticmethod
    def open(path: Path) -> "SourceDatabase":
        """Open the database at `path`, which `medallion source init` created."""
        if not path.is_file():
            raise MedallionError(
                f"there is no source database at {path}: run `medallion source init` first"
            )
        return SourceDatabase(path)

    def query(self, text: str) -> pa.RecordBatchReader:
        """Stream the rows of one T-SQL SELECT. The file stays open until the reader ends."""
        tree = query_in(text)
        if tree is None:
            raise MedallionError("a query of the source database must be a single SELECT statement")
        form = json_text.taken_from(tree)
        con = connect(self.path, read_only=True)
        try:
            # The database's clock is the time of its last commit, captured or not, because
            # simulated days date the commits. While the capture job runs,
            # sys.fn_cdc_map_lsn_to_time(sys.fn_cdc_get_max_lsn()) >= a clock read after a copy
            # means, as on Azure, that capture has processed everything that the copy read.
            now = last_commit(con) or datetime.now(UTC).replace(tzinfo=None)
            with sentences():
                con.execute("SET preserve_insertion_order = true")
                translated = tsql.query(con, tree, now)
        except BaseException:
            con.close()
            raise
        found = rows.stream(con, translated, close=True)
        return json_text.rendered(found, form) if form else found

    def execute(self, text: str, at: datetime | None = None, show: Rows | None = None) -> int:
        """Run a T-SQL script. Returns the rows affected. Commits at `at` (UTC if naive), else now.

        `show` receives each statement's result rows before the next statement runs.
        """
        with self.session(at) as session:
            return session.run(text, show)

    @contextmanager
    def session(self, at: datetime | None = None) -> Iterator[Session]:
        """A session that writes until the block ends."""
        con = connect(self.path, read_only=False)
        try:
            with sentences():
                yield Session(con, at)
        finally:
            con.close()

    def last_commit(self) -> datetime | None:
        """The time of the last transaction, in UTC; None when there is none."""
        con = connect(self.path, read_only=True)
        try:
            return last_commit(con)
        finally:
            con.close()

    def overview(self) -> list[Overview]:
        """A summary of every captured table."""
        con = connect(self.path, read_only=True)
        try:
            return [
                Overview(
                    table.full_name,
                    *con.execute(
                        f"SELECT (SELECT count(*) FROM {table.sql}), "
                        f"(SELECT count(*) FROM {changelog.log(table)}), "
                        "'0x' || hex((SELECT min(start_lsn) FROM stand_in.instances "
                        "WHERE schema_name = ? AND table_name = ?))",
                        [table.schema, table.name],
                    ).fetchone(),
                )
                for table in cdc.captured_tables(con)
            ]
        finally:
            con.close()

    def history(self, name: str) -> pa.Table:
        """Every change of a captured table since the first, in order, for an independent check.

        It holds every committed change, whether or not a capture instance shows it. It begins with
        the rows that existed when the first capture began, as inserts at the LSN at which it began
        and without a sequence value. Changes that sys.sp_cdc_cleanup_change_table removed from
        every instance are missing. Columns: start_lsn, seqval (both binary), operation,
        commit_time, then the table's columns, then dropped columns. A column is NULL in changes
        from before it was added and after it was dropped. Values that ALTER TABLE sets, such as
        the default of a new column, are not changes.
        """
        schema, _, bare = name.rpartition(".")
        con = connect(self.path, read_only=True)
        try:
            with sentences():
                table = catalog.find_table(con, schema or "dbo", bare)
                if not changelog.is_logged(con, table):
                    raise MedallionError(
                        f"{table.full_name} has no history: CDC is not enabled on it"
                    )
                return con.execute(
                    f"SELECT h.start_lsn, h.seqval, h.operation, m.tran_end_time AS commit_time, "
                    f"h.* EXCLUDE (start_lsn, seqval, operation) FROM {changelog.history(table)} "
                    "AS h LEFT JOIN stand_in.lsn_time_mapping AS m ON m.start_lsn = h.start_lsn "
                    "ORDER BY "
                    + ", ".join(
                        ["h.start_lsn", "h.seqval NULLS FIRST", "h.operation"]
                        + [f"h.{k.sql}" for k in table.keys]
                    )
                ).to_arrow_table()
        finally:
            con.close()


def create(
    path: Path,
    load: Callable[[duckdb.DuckDBPyConnection], datetime],
    force: bool = False,
) -> SourceDatabase:
    """Create the database: run the operator's scripts, and `load` after the tables; all or nothing.

    `load` fills the empty tables and returns the time at which change data capture begins.
    """
    if path.exists() and not force:
        raise MedallionError(f"a source database exists at {path}: pass --force to replace it")
    make_folder(path.parent)
    building = path.with_name(f"{path.stem}_building_{os.getpid()}.duckdb")
    _remove(building)
    try:
        con = duckdb.connect(str(building))
        try:
            with sentences():
                con.execute(system.SYSTEM)
                con.execute("SET schema = 'dbo'")
                tables, *rest = sorted(SCRIPTS.glob(NUMBERED))
                Session(con, datetime(1970, 1, 1)).run(tables.read_text("utf-8"))
                begin = load(con)
                for script in rest:
                    Session(con, begin).run(script.read_text("utf-8"))
        finally:
            con.close()
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
        sync_file(building)
        building.replace(path)
        sync_folder(path.parent)
    finally:
        _remove(building)
    return SourceDatabase(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
