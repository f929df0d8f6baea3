"""One day that changes a given share of the rows of every table; equal seeds give equal days.

`UPDATED` of the changed rows get another row's value in one column. `INSERTED` of them are new and
copy another row's values. `DELETED` of them are deleted. No row changes twice.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from medallion.errors import MedallionError
from medallion_local.azure_sql.catalog import Column, Table, tables
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.azure_sql.session import Session
from medallion_local.generator.generate import date_rows

UPDATED, INSERTED, DELETED = 0.6, 0.3, 0.1
CALENDAR = "DimDate"  # its keys are days: new days follow the last one
TOUCHED = "updated_at"  # set to the time of the change
DAY = timedelta(days=1)
KINDS = "UID"


@dataclass(frozen=True)
class Churned:
    """The rows that a day changed, over all tables."""

    updated: int
    inserted: int
    deleted: int

    @property
    def rows(self) -> int:
        """All of them; an update counts as one."""
        return self.updated + self.inserted + self.deleted


def change(
    path: Path,
    share: float,
    seed: int,
    transactions: int,
    updated: float = UPDATED,
    within: timedelta | None = None,
) -> Churned:
    """Simulate the day after the last commit, in which `share` (0 … 1) of the rows change.

    `updated` is the share of updates among them; inserts and deletes share the rest, 3 to 1. With
    `within`, only events of that time before the day are updated or deleted, and copied.
    """
    source = SourceDatabase.open(path)
    last = source.last_commit()
    if last is None:
        raise MedallionError(f"{path} has no transactions: enable CDC on its tables.")
    start = datetime(last.year, last.month, last.day) + DAY
    counts = np.zeros(3, int)
    with source.session(start) as session:
        works: dict[int, list[tuple[Table, str]]] = defaultdict(list)
        for number, table in enumerate(tables(session.con)):
            clock = _Clock(np.random.default_rng([seed, number]), start, transactions)
            for kind, turns in _plan(session.con, table, share, updated, clock, within).items():
                for turn in turns:
                    works[turn].append((table, kind))
        for turn in sorted(works):
            session.at = start + turn * DAY / transactions
            with session.transaction():
                for table, kind in works[turn]:
                    counts[KINDS.index(kind)] += _carry_out(session, table, kind, turn)
    return Churned(*counts.tolist())


@dataclass(frozen=True)
class _Clock:
    """The random generator of a table, and the day's transactions."""

    rng: np.random.Generator
    start: datetime
    transactions: int


def _plan(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    share: float,
    updated: float,
    clock: _Clock,
    within: timedelta | None,
) -> dict[str, list[int]]:
    """Create a temporary table of planned rows for each kind of change; return their turns."""
    key = table.keys[0]
    ids = con.execute(f"SELECT {key.sql} FROM {table.sql} ORDER BY 1").fetchnumpy()[key.name]
    changed = round(len(ids) * share)
    rest = changed - round(changed * updated)
    deleted = round(rest * DELETED / (DELETED + INSERTED))
    inserted = rest - deleted
    recent = _recent(con, table, clock.start - within) if within else ids
    picked = clock.rng.choice(recent, changed - inserted, replace=False)
    new = np.arange(1, inserted + 1) + ids.max()
    for kind, keys in (("U", picked[deleted:]), ("I", new), ("D", picked[:deleted])):
        con.register("_drawn", _drawn(table, recent, keys, clock))
        columns = ", ".join(_value(table, column, kind) for column in table.columns)
        con.execute(
            f"CREATE OR REPLACE TEMP TABLE {_planned(table, kind)} AS SELECT r._turn, {columns} "
            f"FROM _drawn AS r INNER JOIN {table.sql} AS d ON d.{key.sql} = r._donor "
            f"LEFT JOIN {table.sql} AS t ON t.{key.sql} = r._key ORDER BY r._key"
        )
        con.unregister("_drawn")
    if table.name == CALENDAR:
        _continue_calendar(con, table)
    return {
        kind: [
            int(turn)
            for (turn,) in con.execute(
                f"SELECT DISTINCT _turn FROM {_planned(table, kind)} ORDER BY 1"
            ).fetchall()
        ]
        for kind in KINDS
    }


def _recent(con: duckdb.DuckDBPyConnection, table: Table, since: datetime) -> np.ndarray:
    """The ids of the events since a time; all ids of a table without events."""
    times = [c for c in table.columns if c.duckdb_type.startswith("TIMESTAMP")]
    events = [c for c in times if c.name != TOUCHED]
    where = f"WHERE {events[0].sql} >= TIMESTAMP '{since}'" if events else ""
    key = table.keys[0]
    return np.asarray(
        con.execute(f"SELECT {key.sql} FROM {table.sql} {where} ORDER BY 1").fetchnumpy()[key.name]
    )


def _drawn(table: Table, donors: np.ndarray, keys: np.ndarray, clock: _Clock) -> pa.Table:
    """Per changed row: its transaction, the donor of its value, the column, and a time."""
    rng, count = clock.rng, len(keys)
    turns = rng.integers(0, clock.transactions, count)
    # A new row's event time lies between the previous transaction and its own.
    length = DAY / clock.transactions / timedelta(milliseconds=1)
    offsets = np.maximum((turns - rng.random(count)) * length, 0).astype("timedelta64[ms]")
    return pa.table(
        {
            "_key": keys,
            "_turn": turns,
            "_donor": rng.choice(donors, count),
            "_column": rng.integers(0, len(_others(table)), count),
            "_moment": np.datetime64(clock.start, "ms") + offsets,
        }
    )


def _value(table: Table, column: Column, kind: str) -> str:
    if column == table.keys[0]:
        return f"r._key AS {column.sql}"
    if kind == "I":
        is_time = column.duckdb_type.startswith("TIMESTAMP")
        return f"{'r._moment' if is_time else f'd.{column.sql}'} AS {column.sql}"
    if column.name == TOUCHED:
        return f"t.{column.sql}"
    number = _others(table).index(column)
    return (
        f"CASE r._column WHEN {number} THEN d.{column.sql} ELSE t.{column.sql} END AS {column.sql}"
    )


def _others(table: Table) -> list[Column]:
    return [c for c in table.columns if c != table.keys[0] and c.name != TOUCHED]


def _continue_calendar(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Replace the drawn keys of the calendar by the days that follow its last day."""
    planned = _planned(table, "I")
    turns = con.execute(f"SELECT _turn FROM {planned} ORDER BY _turn").fetchnumpy()["_turn"]
    [(last,)] = con.execute(f'SELECT max("date") FROM {table.sql}').fetchall()
    days = date_rows([last + (number + 1) * DAY for number in range(len(turns))])
    con.register("_drawn", days.append_column("_turn", pa.array(turns)))
    columns = ", ".join(column.sql for column in table.columns)
    con.execute(f"CREATE OR REPLACE TEMP TABLE {planned} AS SELECT _turn, {columns} FROM _drawn")
    con.unregister("_drawn")


def _carry_out(session: Session, table: Table, kind: str, turn: int) -> int:
    """Apply the transaction's changes of one kind; return the number of rows."""
    columns = ", ".join(
        f"TIMESTAMP '{session.at}' AS {c.sql}" if c.name == TOUCHED else c.sql
        for c in table.columns
    )
    work = {"U": session.update, "I": session.insert, "D": session.delete}[kind]
    return work(table, f"(SELECT {columns} FROM {_planned(table, kind)} WHERE _turn = {turn})")


def _planned(table: Table, kind: str) -> str:
    return f"_churn_{table.name}_{kind}"
