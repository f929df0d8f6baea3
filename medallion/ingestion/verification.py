"""Proves from the lake alone that the landed windows cover a table's change log.

The windows have no gap and no overlap, every file matches its receipt, and the watermark is at the
end of the last window.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from medallion.errors import MedallionError
from medallion.ingestion.landed_files import file_faults
from medallion.ingestion.receipts import Receipt, read_receipt

CHAIN = ("initial", "increment", "empty")


@dataclass
class Proof:
    """The result for one table: `faults` disprove completeness, `notes` explain."""

    table: str
    windows: int = 0
    backfills: int = 0
    rows: int = 0
    files: int = 0
    first_lsn: str = ""
    last_lsn: str = ""
    faults: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def prove(lake: Path) -> list[Proof]:
    """One proof per table that has receipts, landed files or a watermark."""
    receipts, landed = lake / "control" / "receipts", lake / "bronze" / "azure_sql"
    names = {
        one.name for folder in (receipts, landed) if folder.is_dir() for one in folder.iterdir()
    }
    names |= {one.stem for one in (lake / "control" / "watermarks").glob("*.json")}
    if not names:
        raise MedallionError(f"Nothing has landed in {lake}; run `medallion ingest` first.")
    return [_prove_table(lake, name) for name in sorted(names) if not name.startswith(".")]


def _prove_table(lake: Path, table: str) -> Proof:
    proof = Proof(table)
    receipts = list(_receipts(lake, table, proof))
    windows = _windows(receipts, proof)
    if not windows and not _watermark(lake, table).exists():
        proof.notes.append("the first load is unfinished: its run was interrupted; run again")
    else:
        _check_chain(windows, proof)
    pending = _check_watermark(lake, table, windows, proof)
    _check_deliveries(lake, table, receipts, pending, proof)
    _check_strays(lake, table, receipts, windows, proof)
    return proof


def _receipts(lake: Path, table: str, proof: Proof) -> Iterator[Receipt]:
    for file in sorted((lake / "control" / "receipts" / table).glob("*.json")):
        try:
            receipt = read_receipt(file)
        except MedallionError as error:
            proof.faults.append(str(error).rstrip("."))
            continue
        late = "_late" if receipt.mode == "late" else ""
        if (receipt.table, f"{receipt.run_id}{late}.json") != (table, file.name):
            belongs = f"table {receipt.table} and run {receipt.run_id}"
            proof.faults.append(f"the receipt {file.name} belongs to {belongs}")
        if receipt.started_at > receipt.ended_at:
            proof.faults.append(f"the receipt {file.name} ended before it began")
        yield receipt


def _windows(receipts: list[Receipt], proof: Proof) -> list[Receipt]:
    """The chain's windows in order, each once; a window can repeat after an interrupted run."""
    windows: dict[tuple[str, str], Receipt] = {}
    for one in sorted(receipts, key=lambda r: r.ended_at):
        if one.mode not in CHAIN:
            continue
        before = windows.get((one.from_lsn, one.to_lsn), one)
        # A repeated first load can see later changes; the late rows of the next window revert them.
        same = (before.rows_written, before.checksum) == (one.rows_written, one.checksum)
        if one.mode != "initial" and not same:
            proof.faults.append(f"the window from {one.from_lsn} landed twice with different rows")
        windows[(one.from_lsn, one.to_lsn)] = one
    proof.backfills = sum(1 for one in receipts if one.mode == "backfill")
    for one in receipts:
        if one.min_lsn is not None and one.mode != "empty" and one.from_lsn < one.min_lsn:
            proof.faults.append(
                f"the {one.mode} from {one.from_lsn} landed when the source's log began at "
                f"{one.min_lsn}: changes may be missing"
            )
        if one.available_from is not None:
            proof.notes.append(
                f"the backfill {one.from_date} … {one.to_date} holds only changes since "
                f"{one.available_from}: the source had removed the older ones"
            )
        if one.erasure is not None:
            proof.notes.append(
                f"{one.file} was rewritten by an erasure: {one.erasure} is its record"
            )
    return sorted(windows.values(), key=lambda r: (r.from_lsn, r.to_lsn))


def _check_chain(windows: list[Receipt], proof: Proof) -> None:
    if not windows or windows[0].mode != "initial":
        proof.faults.append("the windows do not start with the receipt of a first load")
        return
    proof.windows, proof.first_lsn = len(windows), windows[0].from_lsn
    end = windows[0].from_lsn
    for one in windows:
        if one.mode == "initial":
            if one.from_lsn != one.to_lsn:
                proof.faults.append(f"the first load at {one.to_lsn} begins at {one.from_lsn}")
            if one.from_lsn > end:
                proof.notes.append(f"loaded again at {one.to_lsn}, after {end}")
        elif one.from_lsn > _next(end):
            proof.faults.append(f"gap: nothing covers {_next(end)} … {_before(one.from_lsn)}")
        elif one.from_lsn < _next(end):
            proof.faults.append(f"overlap: {one.from_lsn} … {end} is covered twice")
        if one.mode == "increment" and one.to_lsn < one.from_lsn:
            proof.faults.append(f"the window from {one.from_lsn} ends before it, at {one.to_lsn}")
        end = max(end, one.to_lsn)
    proof.last_lsn = end


def _watermark(lake: Path, table: str) -> Path:
    return lake / "control" / "watermarks" / f"{table}.json"


def _check_watermark(
    lake: Path, table: str, windows: list[Receipt], proof: Proof
) -> Receipt | None:
    """Return the last window if the watermark has not reached its end: it may land again."""
    if not windows:
        return None
    try:
        lsn = str(json.loads(_watermark(lake, table).read_text(encoding="utf-8"))["lsn"])
    except FileNotFoundError:
        lsn = ""
    except (ValueError, KeyError, TypeError):
        expected = f'{{"lsn": "{proof.last_lsn}"}}'
        proof.faults.append(f"the watermark is damaged; according to the receipts it is {expected}")
        return None
    if lsn == proof.last_lsn:
        return None
    if lsn == max((one.to_lsn for one in windows[:-1]), default=""):
        proof.notes.append("the last run ended before it moved the watermark; the next run does it")
        return windows[-1]
    found = lsn or "missing"
    proof.faults.append(f"the watermark is {found}, but the windows end at {proof.last_lsn}")
    return None


def _check_deliveries(
    lake: Path, table: str, receipts: list[Receipt], pending: Receipt | None, proof: Proof
) -> None:
    """Check that each receipt matches its file."""
    by_file: dict[str, list[Receipt]] = {}
    for one in receipts:
        if one.file is None:
            proof.faults += file_faults(lake, one)
        else:
            by_file.setdefault(one.file, []).append(one)
    for file, tries in by_file.items():
        # A window that landed again has one receipt per attempt: one of them matches the file.
        newest_first = sorted(tries, key=lambda r: r.ended_at, reverse=True)
        found = list(file_faults(lake, newest_first[0]))
        for one in newest_first[1:]:
            if found:
                found = min(found, list(file_faults(lake, one)), key=len)
        if found and pending and any(one.to_lsn == pending.to_lsn for one in tries):
            proof.notes.append(f"{file} landed again in a run that was interrupted; run again")
        else:
            proof.faults += found
        most = max((one.rows_written for one in tries if one.mode != "initial"), default=0)
        if newest_first[0].mode != "initial" and newest_first[0].rows_written < most:
            proof.faults.append(
                f"{file} was replaced by a file with fewer changes: "
                f"{newest_first[0].rows_written}, not {most}"
            )
        if not file.startswith(f"bronze/azure_sql/{table}/"):
            proof.faults.append(f"a receipt names {file}, which belongs to another table")
        proof.rows += newest_first[0].rows_written
        proof.files += 1


def _check_strays(
    lake: Path, table: str, receipts: list[Receipt], windows: list[Receipt], proof: Proof
) -> None:
    """Check that each landed file has a receipt; an interrupted run may leave one without."""
    with_receipt = {one.file for one in receipts}
    unfinished = {f"{_next(one.to_lsn)}.parquet" for one in windows[-1:]}
    if len(windows) == 1:
        unfinished.add(f"{windows[0].to_lsn}_late.parquet")
    for stray in sorted((lake / "bronze" / "azure_sql" / table).glob("[!.]*")):
        if f"bronze/azure_sql/{table}/{stray.name}" in with_receipt:
            continue
        if not windows or stray.name in unfinished:
            proof.notes.append(f"{stray.name} has no receipt: its run was interrupted; run again")
        else:
            proof.faults.append(f"{stray.name} has no receipt; if it is a backfill, run it again")


def _next(lsn: str) -> str:
    return f"0x{int(lsn, 16) + 1:020X}"


def _before(lsn: str) -> str:
    return f"0x{int(lsn, 16) - 1:020X}"
