"""The stand-in for one Azure SQL database, in one DuckDB file.

Every call opens and closes the file, so that several processes may take turns.
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

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.local.source import catalog, cdc, system, tsql
from medallion.local.source.connection import connect, sentences
from medallion.local.source.session import Session, last_commit

SCRIPTS = PROJECT_ROOT / "sql" / "azure_sql"
BATCH_ROWS = 65_536


@dataclass(frozen=True)
class Overview:
    """One captured table in short: its rows, its change rows, and its minimum LSN as text."""

    table: str
    rows: int
    changes: int
    min_lsn: str


def is_query(text: str) -> bool:
    """Whether the T-SQL is one statement that only reads."""
    trees = [tree for batch in tsql.batches(text) for tree in tsql.parse(batch)]
    return len(trees) == 1 and isinstance(trees[0], exp.Query) and not trees[0].find(exp.Into)


@dataclass(frozen=True)
class SourceDatabase:
    """A source database that exists; `open` is its constructor."""

    path: Path

    @staticmethod
    def open(path: Path) -> "SourceDatabase":
        """The database at `path`, which `medallion source init` made."""
        if not path.is_file():
            raise MedallionError(
                f"there is no source database at {path}: run `medallion source init` first"
            )
        return SourceDatabase(path)

    def query(self, text: str) -> pa.RecordBatchReader:
        """The rows of one T-SQL SELECT, streamed; the file stays open until the reader ends."""
        if not is_query(text):
            raise MedallionError("a query of the source database is exactly one SELECT statement")
        tree = next(tree for batch in tsql.batches(text) for tree in tsql.parse(batch))
        now = datetime.now(UTC).replace(tzinfo=None)
        translated = tsql.render(tsql.translate(tree, now))
        con = connect(self.path, read_only=True)
        try:
            with sentences():
                con.execute("SET preserve_insertion_order = true")
                reader = con.execute(translated).to_arrow_reader(BATCH_ROWS)
        except BaseException:
            con.close()
            raise
        schema = pa.schema([_field(field) for field in reader.schema])
        return pa.RecordBatchReader.from_batches(schema, _stream(con, reader, schema))

    def execute(self, text: str, at: datetime | None = None) -> int:
        """Run a T-SQL script; rows affected. Commits at `at` (UTC when naive), else now."""
        with self.session(at) as session:
            return session.run(text)

    @contextmanager
    def session(self, at: datetime | None = None) -> Iterator[Session]:
        """A session that writes, for as long as the block lasts."""
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
        """Every captured table in short."""
        con = connect(self.path, read_only=True)
        try:
            return [
                Overview(
                    table.full_name,
                    *con.execute(
                        f"SELECT (SELECT count(*) FROM {table.sql}), "
                        f"(SELECT count(*) FROM {table.change_table}), "
                        "'0x' || hex(sys.fn_cdc_get_min_lsn(?))",
                        [table.capture_instance],
                    ).fetchone(),
                )
                for table in cdc.captured_tables(con)
            ]
        finally:
            con.close()

    def history(self, name: str) -> pa.Table:
        """Every change of a captured table from the first, in order, for an independent check.

        The rows from before its capture began come first, as inserts at the LSN at which it began,
        with no sequence value. What sys.sp_cdc_cleanup_change_table removed is gone.
        Columns: start_lsn, seqval (both binary), operation, commit_time, then the table's.
        """
        schema, _, bare = name.rpartition(".")
        con = connect(self.path, read_only=True)
        try:
            with sentences():
                table = catalog.find_table(con, schema or "dbo", bare)
                if not cdc.is_captured(con, table):
                    raise MedallionError(
                        f"{table.full_name} has no history: CDC is not enabled on it"
                    )
                columns = ", ".join(c.sql for c in table.columns)
                return con.execute(
                    f"SELECT h.start_lsn, h.seqval, h.operation, m.tran_end_time AS commit_time, "
                    f"h.* EXCLUDE (start_lsn, seqval, operation) FROM ("
                    f"SELECT c.start_lsn, NULL::BLOB AS seqval, 2 AS operation, {columns} "
                    f"FROM {cdc.initial_table(table)}, (SELECT initial_lsn AS start_lsn "
                    "FROM stand_in.captures WHERE capture_instance = $1) AS c "
                    f"UNION ALL SELECT __$start_lsn, __$seqval, __$operation, {columns} "
                    f"FROM {table.change_table}) AS h "
                    "LEFT JOIN stand_in.lsn_time_mapping AS m ON m.start_lsn = h.start_lsn "
                    "ORDER BY h.start_lsn, h.seqval NULLS FIRST, h.operation, "
                    + ", ".join(f"h.{k.sql}" for k in table.keys),
                    [table.capture_instance],
                ).to_arrow_table()
        finally:
            con.close()


def create(
    path: Path,
    load: Callable[[duckdb.DuckDBPyConnection], datetime],
    force: bool = False,
) -> SourceDatabase:
    """Create the database: the operator's scripts, with `load` after the tables; all or nothing.

    `load` fills the empty tables and returns the time at which change data capture begins.
    """
    if path.exists() and not force:
        raise MedallionError(
            f"there is a source database at {path} already: pass --force to replace it"
        )
    path.parent.mkdir(parents=True, exist_ok=True)
    building = path.with_name(f"{path.stem}_building_{os.getpid()}.duckdb")
    _remove(building)
    try:
        con = duckdb.connect(str(building))
        try:
            with sentences():
                con.execute(system.SYSTEM)
                con.execute("SET schema = 'dbo'")
                tables, *rest = sorted(SCRIPTS.glob("*.sql"))
                Session(con, datetime(1970, 1, 1)).run(tables.read_text("utf-8"))
                begin = load(con)
                for script in rest:
                    Session(con, begin).run(script.read_text("utf-8"))
        finally:
            con.close()
        building.replace(path)
        path.with_name(path.name + ".wal").unlink(missing_ok=True)
    finally:
        _remove(building)
    return SourceDatabase(path)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)


def _field(field: pa.Field) -> pa.Field:
    """DuckDB sums integers to 128 bits; Azure SQL's driver gives bigint."""
    return field.with_type(pa.int64()) if field.type == pa.decimal128(38, 0) else field


def _stream(
    con: duckdb.DuckDBPyConnection, reader: pa.RecordBatchReader, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    try:
        with sentences():
            for batch in reader:
                yield batch if batch.schema == schema else batch.cast(schema)
    finally:
        reader.close()
        con.close()
