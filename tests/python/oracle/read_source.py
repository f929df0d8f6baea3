"""The history from the source database itself: its tables, with the captured changes undone.

Rows from before change capture are not in the change tables. They are today's table with every
captured change undone. So this module reads nothing that the pipelines copied.
"""

from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from oracle.changes import AFTER, BEFORE, DELETE, INSERT, KEYS, Change, History, order


class FirstLoad(NamedTuple):
    """The first load of a table by the pipelines: its LSN, in hex digits, and its time."""

    lsn: str
    commit_time: datetime


def read_source(path: Path, first_loads: dict[str, FirstLoad]) -> History:
    """Per table: an insert at its first load for each row at that time, and all later changes."""
    from medallion_local.azure_sql.database import SourceDatabase

    database = SourceDatabase.open(path)
    return {
        table: _history_of_table(database, table, first_load)
        for table, first_load in first_loads.items()
    }


def _history_of_table(database, table: str, first_load: FirstLoad) -> list[Change]:
    captured = [
        change
        for change in _captured(database, table)
        if change["_start_lsn"] > first_load.lsn.upper()
    ]
    today = database.query(f"SELECT * FROM dbo.{table}").read_all().to_pylist()
    loaded = undo(today, captured, KEYS[table])
    at_load = {
        "_start_lsn": first_load.lsn.upper(),
        "_seqval": "0" * len(first_load.lsn),
        "_operation": INSERT,
        "_commit_time": first_load.commit_time,
    }
    return [*(row | at_load for row in loaded), *captured]


def _captured(database, table: str) -> list[Change]:
    changes = database.query(f"SELECT * FROM cdc.dbo_{table}_CT").read_all().to_pylist()
    mapping = database.query("SELECT start_lsn, tran_end_time FROM cdc.lsn_time_mapping")
    commit_times = {
        row["start_lsn"]: row["tran_end_time"] for row in mapping.read_all().to_pylist()
    }
    return [
        {column: value for column, value in change.items() if not column.startswith("__$")}
        | {
            "_start_lsn": change["__$start_lsn"].hex().upper(),
            "_seqval": change["__$seqval"].hex().upper(),
            "_operation": change["__$operation"],
            "_commit_time": commit_times[change["__$start_lsn"]],
        }
        for change in changes
    ]


def undo(rows: list[dict], changes: list[Change], key: str) -> list[dict]:
    """The rows of a table before some changes, from its rows after them.

    A key's earlier row is the one that its first change removed: the deleted row or the
    before-image. A key whose first change is an insert did not exist. Other keys are unchanged.
    """
    by_key = defaultdict(list)
    for change in changes:
        by_key[change[key]].append(change)
    before = [row for row in rows if row[key] not in by_key]
    for own in by_key.values():
        first = min(own, key=order)
        if first["_operation"] in (DELETE, BEFORE):
            before.append({c: value for c, value in first.items() if not c.startswith("_")})
        elif first["_operation"] == AFTER:
            raise ValueError(f"The update of {key} {first[key]} has no before-image.")
    return before
