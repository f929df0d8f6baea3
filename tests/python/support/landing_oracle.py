"""The expected content of the lake, from the source's own history; and a check against it."""

from medallion.home import Home
from medallion.ingestion.receipts import read_receipt
from medallion.ingestion.request import tables
from medallion.ingestion.verification import prove
from medallion_local.azure_sql.database import SourceDatabase
from support.source_home import landed, rows


def hexed(value: bytes | None) -> str:
    """An LSN as the pipelines write it. None, for rows older than the capture, sorts first."""
    return "" if value is None else f"0x{value.hex().upper()}"


def history(home: Home, table: str) -> list[dict]:
    """Every committed change, oldest first, with hex LSNs."""
    found = SourceDatabase.open(home.source_database).history(f"dbo.{table}").to_pylist()
    for row in found:
        row["start_lsn"], row["seqval"] = hexed(row["start_lsn"]), hexed(row["seqval"])
    return found


def values(row: dict, columns: list[str]) -> tuple:
    """The values of a row in the ingested columns."""
    return tuple(row[name] for name in columns)


def state_at(changes: list[dict], key: str, lsn: str, columns: list[str]) -> dict:
    """Key → values of the table after the commit at `lsn`."""
    found: dict = {}
    for row in changes:
        if row["start_lsn"] > lsn or row["operation"] == 3:
            continue
        if row["operation"] == 1:
            found.pop(row[key], None)
        else:
            found[row[key]] = values(row, columns)
    return found


class Reader:
    """Reads each landed file once, as a streaming table does, whatever happens to it later."""

    def __init__(self, home: Home, table: str) -> None:
        self.home, self.table = home, table
        self.taken: dict[str, list[dict]] = {}

    def read(self) -> None:
        """Read the new files."""
        for file in landed(self.home, self.table):
            if file.suffix == ".parquet" and not file.name.startswith("."):
                self.taken.setdefault(file.name, rows(file))

    def log(self) -> list[dict]:
        """All rows read so far, each change once, in log order."""
        self.read()
        found = {}
        for row in (row for rows_of in self.taken.values() for row in rows_of):
            found[(row["_start_lsn"], row["_seqval"], row["_operation"])] = row
        return [found[one] for one in sorted(found)]


def check_landed(reader: Reader, key: str) -> None:
    """Assert that the rows read equal the source's log, and that the receipts prove it."""
    home, table = reader.home, reader.table
    receipts = [
        read_receipt(file)
        for file in (home.lake / "control" / "receipts" / f"dbo.{table}").glob("*.json")
    ]
    [first_lsn] = {one.to_lsn for one in receipts if one.mode == "initial"}
    committed, rows_there = history(home, table), reader.log()
    [columns] = [one["columns"] for one in tables() if one["table"] == table]
    first = [row for row in rows_there if row["_start_lsn"] == first_lsn]
    state: dict = {}
    for row in first:
        if row["_operation"] == 1:
            state.pop(row[key], None)
        else:
            state[row[key]] = values(row, columns)
    assert state == state_at(committed, key, first_lsn, columns)
    end = max(one.to_lsn for one in receipts if one.mode != "backfill")
    log = ["start_lsn", "seqval", "operation", "commit_time"]
    expected = [
        values(row, [*log, *columns]) for row in committed if first_lsn < row["start_lsn"] <= end
    ]
    changes = [
        values(row, [*(f"_{name}" for name in log), *columns])
        for row in rows_there
        if row["_start_lsn"] > first_lsn
    ]
    assert changes == expected
    assert end >= max([first_lsn, *(row["start_lsn"] for row in committed)])
    [proof] = [one for one in prove(home.lake) if one.table == f"dbo.{table}"]
    assert (proof.faults, proof.notes) == ([], [])
