"""One connection's statements: control flow, transactions, and their LSNs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb
import pyarrow as pa
from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.azure_sql import (
    alter,
    catalog,
    changelog,
    changes,
    dml,
    lsn,
    procedures,
    rows,
    tsql,
)
from medallion_local.azure_sql.catalog import Table

Rows = Callable[[pa.RecordBatchReader], None]

IGNORED_OPTIONS = {"NOCOUNT", "XACT_ABORT", "ANSI_NULLS", "QUOTED_IDENTIFIER"}


class Session:
    """Runs statements. Each is a separate transaction unless BEGIN TRAN opened one.

    Transactions commit at `at`, else at the current time, but never before the last commit.
    An error rolls the open transaction back and ends the batch.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, at: datetime | None = None) -> None:
        self.con = con
        self.at = _utc(at) if at is not None else None
        self.last_lsn: bytes | None = None
        self._open = False
        self._used = 0
        self._first = 0
        self._now = datetime.min
        self._touched: dict[str, Table] = {}
        self._show: Rows | None = None

    def run(self, script: str, show: Rows | None = None) -> int:
        """Run a script of batches. Returns the number of rows affected.

        `show` receives the result rows of each SELECT and of each procedure, as they are produced.
        """
        affected = 0
        self._show = show
        try:
            for batch in tsql.batches(script):
                for tree in tsql.parse(batch):
                    affected += self._statement(tree)
        except BaseException:
            self._rollback()
            raise
        if self._open:
            self._rollback()
            raise MedallionError(
                "the transaction that BEGIN TRAN opened was rolled back: end the script with COMMIT"
            )
        return affected

    def insert(self, table: Table, source: str) -> int:
        """Insert the rows of the DuckDB relation `source`, which has the table's columns."""
        return self._planned(table, dml.plan_rows(table, "I", source))

    def update(self, table: Table, source: str) -> int:
        """Replace the rows whose keys occur in `source` by the rows of `source`."""
        return self._planned(table, dml.plan_rows(table, "U", source))

    def delete(self, table: Table, source: str) -> int:
        """Delete the rows whose keys occur in `source`."""
        return self._planned(table, dml.plan_rows(table, "D", source))

    def upsert(self, table: Table, source: str) -> tuple[int, int]:
        """Insert or replace by key, in the order of `source`. Returns the inserts and updates."""
        with self.transaction():
            captured = self._await_changes(table)
            inserted, updated = changes.apply_rows(
                self.con,
                table,
                dml.plan_rows(table, "I", source),
                captured,
                self._first + self._used,
            )
            self._used += inserted + updated if captured else 0
            return inserted, updated

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit all changes made inside with one LSN. Nested uses join the open transaction."""
        if self._open:
            yield
            return
        self._begin()
        try:
            yield
            self._commit()
        except BaseException:
            self._rollback()
            raise

    def _statement(self, tree: exp.Expression) -> int:
        if isinstance(tree, exp.Transaction):
            if self._open:
                raise MedallionError("nested transactions are not supported: BEGIN TRAN only once")
            self._begin()
        elif isinstance(tree, exp.Commit | exp.Rollback):
            if not self._open:
                raise MedallionError(
                    f"Msg 3902: The {tree.key.upper()} TRANSACTION request has no corresponding "
                    "BEGIN TRANSACTION."
                )
            if isinstance(tree, exp.Commit):
                self._commit()
            else:
                self._rollback()
        elif isinstance(tree, exp.IfBlock):
            return self._if(tree)
        elif isinstance(tree, exp.Block):
            inner = [e for e in tree.expressions if not isinstance(e, exp.EndStatement)]
            return sum(self._statement(each) for each in inner)
        elif isinstance(tree, exp.Set):
            _check_option(tree)
        elif isinstance(tree, exp.Alter) and self._open:
            raise MedallionError(
                f"{tsql.describe(tree)} is not supported inside BEGIN TRAN by the emulator: "
                "run it before or after the transaction"
            )
        else:
            with self.transaction():
                return self._write(tree)
        return 0

    def _if(self, tree: exp.IfBlock) -> int:
        condition = tree.this
        if isinstance(condition, exp.Alias):
            raise MedallionError(
                f"put BEGIN … END around the statement of the IF in {tsql.describe(tree)}: "
                "the parser needs it"
            )
        for block in tree.find_all(exp.Block):
            # The parser puts the statements after the END of a block into the block.
            if any(isinstance(each, exp.EndStatement) for each in block.expressions[:-1]):
                raise MedallionError(
                    "put GO on a line of its own after the END of an IF … BEGIN block"
                )
        row = self.con.execute(tsql.condition(self.con, condition, self._clock())).fetchone()
        branch = tree.args.get("true") if row == (1,) else tree.args.get("false")
        return self._statement(branch) if isinstance(branch, exp.Expression) else 0

    def _write(self, tree: exp.Expression) -> int:
        """Run a statement inside the open transaction."""
        if isinstance(tree, exp.Execute):
            result = procedures.execute(self.con, tree, self._next_lsn(), self._now)
            self._used += result.is_logged
            if result.rows:
                self._give(result.rows)
        elif isinstance(tree, exp.Alter) and tree.args.get("kind") == "TABLE":
            self._used += alter.alter_table(self.con, tree, self._next_lsn(), self._now)
        elif isinstance(tree, exp.Command | exp.Grant):
            procedures.security(self.con, tree)
        elif isinstance(tree, exp.Create) and tree.kind == "TABLE" and tree.this.find(exp.Schema):
            catalog.create_table(self.con, tree)
        elif isinstance(tree, exp.TruncateTable):
            return self._truncate(tree)
        elif isinstance(tree, dml.DML):
            return self._planned(*dml.plan(self.con, tree, self._now))
        elif isinstance(tree, exp.Query) and not tree.find(exp.Into):
            self._give(tsql.query(self.con, tree, self._now))
        else:
            raise MedallionError(
                f"{tsql.describe(tree)} is not supported by the Azure SQL emulator"
            )
        return 0

    def _give(self, query: str) -> None:
        """Pass the rows of DuckDB's `query` to `show`. Without `show`, read and discard them."""
        reader = rows.stream(self.con, query, close=False)
        if self._show is not None:
            self._show(reader)
        for _ in reader:
            pass

    def _next_lsn(self) -> bytes:
        """The LSN of the commit, if only one more record precedes it."""
        return lsn.to_bytes(self._first + self._used + 1)

    def _truncate(self, tree: exp.TruncateTable) -> int:
        table = catalog.table_named(self.con, tree.expressions[0])
        if changelog.is_logged(self.con, table):
            raise MedallionError(
                f"Msg 4711: Cannot truncate table '{table.full_name}' because it is published for "
                "replication or enabled for Change Data Capture."
            )
        self.con.execute(f"DELETE FROM {table.sql}")
        return 0

    def _planned(self, table: Table, select: str) -> int:
        with self.transaction():
            captured = self._await_changes(table)
            affected, used = changes.apply_plan(
                self.con, table, select, captured, self._first + self._used
            )
            self._used += used
            return affected

    def _await_changes(self, table: Table) -> bool:
        """Whether the table's changes are captured. If so, its pending table is created."""
        captured = changelog.is_logged(self.con, table)
        if captured and table.full_name not in self._touched:
            changelog.await_commit(self.con, table)
            self._touched[table.full_name] = table
        return captured

    def _begin(self) -> None:
        self.con.execute("BEGIN TRANSACTION")
        self._open, self._used, self._touched = True, 0, {}
        last = self.con.execute("SELECT max(start_lsn) FROM stand_in.lsn_time_mapping").fetchone()
        self._first = lsn.next_block(lsn.to_position(last[0])) if last and last[0] else 1
        self._now = self._clock()

    def _clock(self) -> datetime:
        wanted = self.at or datetime.now(UTC).replace(tzinfo=None)
        # A datetime counts 1/300 s: only multiples of 10 ms are the same time in every type.
        wanted = wanted.replace(microsecond=wanted.microsecond // 10_000 * 10_000)
        last = last_commit(self.con)
        if last is not None and wanted < last:
            return last + timedelta(milliseconds=10)
        return wanted

    def _commit(self) -> None:
        if self._used:
            self.last_lsn = changelog.commit(
                self.con, list(self._touched.values()), self._first, self._used, self._now
            )
        self._open = False  # a failed COMMIT ends the transaction too
        self.con.execute("COMMIT")

    def _rollback(self) -> None:
        if self._open:
            self._open = False
            self.con.execute("ROLLBACK")


def last_commit(con: duckdb.DuckDBPyConnection) -> datetime | None:
    """The time of the last transaction in the log, in UTC; None before the first."""
    row = con.execute("SELECT max(tran_end_time) FROM stand_in.lsn_time_mapping").fetchone()
    return row[0] if row else None


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)


def _check_option(tree: exp.Set) -> None:
    for item in tree.expressions:
        name = item.this.this.name if isinstance(item.this, exp.EQ) else item.name
        if name.upper() not in IGNORED_OPTIONS:
            raise MedallionError(f"{tsql.describe(tree)} is not supported by the emulator")
