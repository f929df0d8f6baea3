"""Landed files that differ from their receipts: the pipelines land them again.

With the run id and time of the receipt, the pipelines write the same bytes again. The file also
keeps the modification time that bronze recorded, so that bronze does not read it twice. Every rule
of `pl_land_file` applies: a window is rejected if the source no longer has all its changes, and no
file shrinks.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.landed_files import file_faults
from medallion.ingestion.receipts import Receipt, read_receipt
from medallion.ingestion.request import cause
from medallion_local.repair import tables
from medallion_local.repair.finding import Finding

LAND, LATE, REFERENCE = "pl_land_file", "pl_land_late", "pl_ingest_reference"


def restore(home: Home, dry_run: bool) -> Iterator[Finding]:
    """The findings for change files, then for reference files."""
    for receipt, fault in _damaged(home.lake):
        what = f"{receipt.table}: {fault}"
        if dry_run:
            yield Finding(what, f"would be landed again ({receipt.mode})")
            continue
        with _aside(home, home.lake / str(receipt.file)) as restored:
            reason = land_again(home, receipt)
            restored.append(not reason)
        done = f"cannot be landed again: {reason}" if reason else "landed again"
        yield Finding(what, done, restored=not reason)
    for name, state, fault in _damaged_references(home.lake):
        if dry_run:
            yield Finding(f"{name}: {fault}", "would be landed again")
            continue
        reason = _fetch_again(home, name, state)
        done = f"cannot be landed again: {reason}" if reason else "landed again"
        yield Finding(f"{name}: {fault}", done, restored=not reason)


def _damaged(lake: Path) -> Iterator[tuple[Receipt, str]]:
    """The newest receipt of each file that matches none of its receipts, and the first fault."""
    for folder in sorted((lake / "control" / "receipts").glob("[!.]*")):
        by_file: dict[str, list[Receipt]] = {}
        for file in sorted(folder.glob("*.json")):
            try:
                one = read_receipt(file)
            except MedallionError:
                continue
            if one.file is not None:
                by_file.setdefault(one.file, []).append(one)
        for tries in by_file.values():
            newest_first = sorted(tries, key=lambda r: r.ended_at, reverse=True)
            faults = [list(file_faults(lake, one)) for one in newest_first]
            if all(faults):
                yield newest_first[0], faults[0][0]


@contextmanager
def _aside(home: Home, file: Path) -> Iterator[list[bool]]:
    """Move a damaged file aside. It is moved back unless the block appends True."""
    restored: list[bool] = []
    kept = tables.trash(home) / file.relative_to(home.lake)
    there = file.is_file()
    if there:
        kept.parent.mkdir(parents=True, exist_ok=True)
        file.replace(kept)
    try:
        yield restored
    finally:
        if there and restored != [True]:
            kept.replace(file)


def land_again(home: Home, receipt: Receipt) -> str:
    """Land a receipt's window under its own name. Returns the reason if it fails, else ''."""
    from medallion.ingestion.request import tables as listed

    known = {f"{one['schema']}.{one['table']}": one for one in listed()}
    if receipt.table not in known:
        return f"{receipt.table} is not in the list 'tables' of pl_ingest"
    if not home.source_database.is_file():
        return f"there is no source database at {home.source_database}"
    if gone := _cleaned_up(home, known[receipt.table]["capture_instance"], receipt):
        return gone
    common: dict[str, Any] = {
        "table": known[receipt.table],
        "run_id": receipt.run_id,
        "started_at": receipt.started_at,
        "commit_time": _of_lsn(home, receipt.to_lsn)[1],
    }
    assert receipt.file is not None
    reason, returned = _run(
        home,
        LAND,
        common
        | {
            "mode": receipt.mode,
            "from_lsn": receipt.from_lsn,
            "to_lsn": receipt.to_lsn,
            "captured_to": receipt.to_lsn,
            "from_date": receipt.from_date or "",
            "to_date": receipt.to_date or "",
            "available_from": receipt.available_from or "",
            "file": receipt.file.rpartition("/")[2],
        },
    )
    if not reason and receipt.mode == "initial":
        at = {"lsn": receipt.to_lsn, "captured_to": returned["captured_to"]}
        reason, _ = _run(home, LATE, common | at)
    if not reason:
        _keep_time(home, receipt.file)
    return reason


def _run(home: Home, pipeline: str, parameters: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Run a pipeline. Returns the reason if it fails, else '', and the pipeline's return value."""
    from medallion_local.data_factory.engine import run_pipeline
    from medallion_local.data_factory.run import laptop

    with laptop(home) as environment:
        run = run_pipeline(environment, pipeline, parameters)
    error = run.record.error
    return cause(error["message"]).rstrip(".") if error else "", run.scope.return_value


def _cleaned_up(home: Home, instance: str, receipt: Receipt) -> str:
    """The reason if the source lacks changes of the window, else ''. The pipeline also checks."""
    low, since = _of_lsn(home, f"sys.fn_cdc_get_min_lsn('{instance}')")
    if low <= receipt.from_lsn and int(low, 16):
        return ""
    held = f"holds changes from {since} UTC on (min_lsn {low})" if since else "has no changes"
    taken = any(
        tables.lake_file(home, url) == home.lake / str(receipt.file) for url, *_ in _taken(home)
    )
    bronze = "bronze has the file's rows" if taken else "bronze has not read the file"
    return (
        f"the capture instance {instance} {held}; the window begins at {receipt.from_lsn}; {bronze}"
    )


def _of_lsn(home: Home, lsn: str) -> tuple[str, str]:
    """An LSN expression's value, and the UTC time of its commit, both as text."""
    from medallion_local.azure_sql.database import SourceDatabase

    found = SourceDatabase.open(home.source_database).query(
        f"SELECT CONVERT(varchar(22), {lsn}, 1) AS lsn, CONVERT(varchar(27), "
        f"CAST(sys.fn_cdc_map_lsn_to_time({lsn}) AS datetime2), 126) AS commit_time"
    )
    [row] = found.read_all().to_pylist()
    return str(row["lsn"] or "0x0"), str(row["commit_time"] or "")


def _keep_time(home: Home, landed: str) -> None:
    """Give a file that was restored unchanged the modification time that bronze recorded for it."""
    file = home.lake / landed
    for url, size, modified_ns in _taken(home):
        if tables.lake_file(home, url) == file and size == file.stat().st_size:
            os.utime(file, ns=(modified_ns, modified_ns))


def _taken(home: Home) -> Iterator[tuple[str, int, int]]:
    """The files that the streaming tables read, from the lists that are readable."""
    for table in tables.catalog(home):
        for batch in sorted((table.folder / "_stream").glob("*.json")):
            try:
                stored = json.loads(batch.read_text())
            except ValueError:
                continue
            yield from stored if isinstance(stored, list) else stored["files"]


def _damaged_references(lake: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Reference files that differ from the file that landed last."""
    import base64
    import hashlib

    for file in sorted((lake / "control" / "reference").glob("*.json")):
        try:
            state = json.loads(file.read_text(encoding="utf-8"))
            landed = lake / state["file"]
        except (ValueError, KeyError, TypeError):
            continue  # control.py restores the state
        if not state.get("file"):
            continue
        if not landed.is_file():
            yield file.stem, state, f"{state['file']} is missing"
            continue
        content = landed.read_bytes()
        md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
        if md5 != state.get("md5"):
            yield file.stem, state, f"{state['file']} is not the file that landed"


def _fetch_again(home: Home, name: str, state: dict[str, Any]) -> str:
    """Fetch a reference file under its old name, if the repository still has that version."""
    kept = home.lake / "control" / "reference" / f"{name}.json"
    before = kept.read_bytes()
    landed = home.lake / state["file"]
    damaged = landed.read_bytes() if landed.is_file() else None
    known = {one["name"]: one for one in _references()}
    if name not in known:
        return f"{name} is not in the list 'references' of pl_ingest"
    kept.unlink()
    reason, _ = _run(home, REFERENCE, {"reference": known[name], "run_id": landed.stem})
    try:
        now = json.loads(kept.read_text(encoding="utf-8")) if not reason else {}
    except OSError:
        now = {}
    if not reason and now.get("md5") == state.get("md5"):
        _keep_time(home, state["file"])
        return ""
    kept.write_bytes(before)  # another version is another file: the next run lands it
    if damaged is None:
        landed.unlink(missing_ok=True)
    else:
        landed.write_bytes(damaged)
    return reason or "the repository now has another version, which the next ingestion lands"


def _references() -> list[dict[str, Any]]:
    from medallion.adf.files import FactoryFiles
    from medallion.ingestion.request import PIPELINE

    listed: list[dict[str, Any]] = FactoryFiles().pipeline(PIPELINE)["parameters"]["references"][
        "defaultValue"
    ]
    return listed
