"""The proof for the savings: every change that the source committed has landed unaltered."""

from dataclasses import dataclass

import duckdb
import pyarrow.parquet as pq

from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.receipts import Receipt
from medallion.ingestion.verification import prove
from medallion_local.azure_sql.database import SourceDatabase

CHANGE = ("_start_lsn", "_seqval", "_operation", "_commit_time")
TOLD = 3  # faults in one error message; `medallion receipts verify` lists all


@dataclass(frozen=True)
class Compared:
    """Change rows committed by the source, and landed; an update has two rows."""

    committed: int
    landed: int


def compare(home: Home, receipts: list[Receipt]) -> Compared:
    """Compare the rows of the receipts' files with the source's history since its first load.

    Raises `MedallionError` when a receipt or file is disproved. Also raises when a change of the
    history is missing, altered or unexpected in any column of the table or of the change.
    """
    faults = [f"{proof.table}: {fault}" for proof in prove(home.lake) for fault in proof.faults]
    if faults:
        raise MedallionError(
            f"The savings do not count because the proof failed: {'; '.join(faults[:TOLD])}."
        )
    counts = [_table(home, table, receipts) for table in sorted({one.table for one in receipts})]
    return Compared(sum(one.committed for one in counts), sum(one.landed for one in counts))


def _table(home: Home, table: str, receipts: list[Receipt]) -> Compared:
    ours = [one for one in receipts if one.table == table]
    files = [home.lake / one.file for one in ours if one.file is not None]
    con = duckdb.connect()
    history = SourceDatabase.open(home.source_database).history(table)
    con.register("history", history)
    names = [f'"{name}"' for name in history.column_names[4:]]
    con.execute(
        "CREATE TABLE committed AS SELECT '0x' || hex(start_lsn) AS _start_lsn, "
        "'0x' || hex(seqval) AS _seqval, operation AS _operation, commit_time AS _commit_time, "
        f"{', '.join(names)} FROM history WHERE '0x' || hex(start_lsn) BETWEEN ? AND ?",
        [min(one.from_lsn for one in ours), max(one.to_lsn for one in ours)],
    )
    con.execute("CREATE TABLE landed AS SELECT * FROM committed LIMIT 0")
    for file in files:
        con.register("rows", pq.read_table(file))
        con.execute(f"INSERT INTO landed SELECT {', '.join([*CHANGE, *names])} FROM rows")
    missing, beyond = (
        _count(con, f"(FROM {one} EXCEPT ALL FROM {other})")
        for one, other in (("committed", "landed"), ("landed", "committed"))
    )
    if missing or beyond:
        raise MedallionError(
            f"The lake differs from the source's history of {table}: {missing:,} changes are "
            f"missing, and {beyond:,} were never committed."
        )
    return Compared(_count(con, "committed"), _count(con, "landed"))


def _count(con: duckdb.DuckDBPyConnection, relation: str) -> int:
    [(count,)] = con.execute(f"SELECT count(*) FROM {relation}").fetchall()
    return int(count)
