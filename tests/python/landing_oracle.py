"""What must lie in the lake, told by the source's own history; and whether it does."""

from medallion.home import Home
from medallion.local.source.database import SourceDatabase
from medallion.proof import prove
from medallion.receipts import read_receipt

from factory_home import landed, rows

OURS = ("_start_lsn", "_seqval", "_operation", "_commit_time", "_ingested_at", "_run_id", "_file")


def hexed(value: bytes | None) -> str:
    """An LSN as the pipelines write it; None, before all, for rows older than the capture."""
    return "" if value is None else f"0x{value.hex().upper()}"


def history(home: Home, table: str) -> list[dict]:
    """Every change that was committed, oldest first, with hex LSNs."""
    found = SourceDatabase.open(home.source_database).history(f"dbo.{table}").to_pylist()
    for row in found:
        row["start_lsn"], row["seqval"] = hexed(row["start_lsn"]), hexed(row["seqval"])
    return found


def values(row: dict, without: tuple[str, ...]) -> tuple:
    """A row's columns, but for those that the log adds."""
    return tuple(value for name, value in row.items() if name not in without)


def state_at(changes: list[dict], key: str, lsn: str) -> dict:
    """Key → values of the table after the commit at `lsn`."""
    log = ("start_lsn", "seqval", "operation", "commit_time")
    found: dict = {}
    for row in changes:
        if row["start_lsn"] > lsn or row["operation"] == 3:
            continue
        if row["operation"] == 1:
            found.pop(row[key], None)
        else:
            found[row[key]] = values(row, log)
    return found


def read_landed(home: Home, table: str) -> list[dict]:
    """All landed rows of a table, each change once, in the order of the log."""
    key = lambda r: (r["_start_lsn"], r["_seqval"], r["_operation"])  # noqa: E731
    found = {key(row): row for file in landed(home, table) for row in rows(file)}
    return [found[one] for one in sorted(found)]


def check_landed(home: Home, table: str, key: str) -> None:
    """Assert that the landed log is the source's, and that the receipts prove it."""
    receipts = [
        read_receipt(file)
        for file in (home.lake / "control" / "receipts" / f"dbo.{table}").glob("*.json")
    ]
    [pinned] = {one.to_lsn for one in receipts if one.mode == "initial"}
    committed, rows_there = history(home, table), read_landed(home, table)
    first = [row for row in rows_there if row["_start_lsn"] == pinned]
    state: dict = {}
    for row in first:
        if row["_operation"] == 1:
            state.pop(row[key], None)
        else:
            state[row[key]] = values(row, OURS)
    assert state == state_at(committed, key, pinned)
    end = max(one.to_lsn for one in receipts if one.mode != "backfill")
    log = ("start_lsn", "seqval", "operation", "commit_time")
    expected = [
        (row["start_lsn"], row["seqval"], row["operation"], row["commit_time"], *values(row, log))
        for row in committed
        if pinned < row["start_lsn"] <= end
    ]
    changes = [
        (*(row[name] for name in OURS[:4]), *values(row, OURS))
        for row in rows_there
        if row["_start_lsn"] > pinned
    ]
    assert changes == expected
    assert end == max([pinned, *(row["start_lsn"] for row in committed)])
    [proof] = [one for one in prove(home.lake) if one.table == f"dbo.{table}"]
    assert (proof.faults, proof.notes) == ([], [])


def files_hold_each_change_once(home: Home, table: str) -> None:
    """Assert that no change lies in two files; backfills and late rows aside."""
    keys = [
        (row["_start_lsn"], row["_seqval"], row["_operation"])
        for file in landed(home, table)
        if not file.name.startswith("backfill_")
        for row in rows(file)
    ]
    assert len(keys) == len(set(keys))
