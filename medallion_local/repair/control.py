"""Watermarks, claimed windows (`pins`), receipts and reference states that are not valid JSON.

A missing watermark or claimed window is not restored: operators delete it to load a table again.
"""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.landed_files import read_content
from medallion.ingestion.receipts import Receipt, read_receipt
from medallion.ingestion.verification import CHAIN
from medallion_local.repair.files import land_again
from medallion_local.repair.finding import Finding
from medallion_local.repair.tables import trash


def restore(home: Home, dry_run: bool) -> Iterator[Finding]:
    """The findings, one per file."""
    control = home.lake / "control"
    for folder in sorted((control / "receipts").glob("[!.]*")):
        for file in sorted(folder.glob("*.json")):
            try:
                read_receipt(file)
            except MedallionError:
                yield _receipt(home, folder, file, dry_run)
    for kind in ("watermarks", "pins"):
        for file in sorted((control / kind).glob("*.json")):
            if not _is_control(file, kind):
                yield _window_end(control, kind, file, dry_run)
    for file in sorted((control / "reference").glob("*.json")):
        if not {"etag", "md5", "file"} <= set(_content(file)):
            what = f"control/reference/{file.name} is damaged"
            if not dry_run:
                file.unlink()
            done = "removed; the next ingestion lands the file once more"
            yield Finding(what, f"would be {done}" if dry_run else done, restored=not dry_run)


def _content(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _is_control(file: Path, kind: str) -> bool:
    wanted = ("lsn",) if kind == "watermarks" else ("from_lsn", "to_lsn")
    found = [_content(file).get(name) for name in wanted]
    return all(isinstance(one, str) and one[:2] == "0x" and len(one) == 22 for one in found)


def _chain(folder: Path) -> list[Receipt]:
    """The receipts of the windows that form the chain, in order."""
    found = []
    for file in folder.glob("*.json"):
        try:
            found.append(read_receipt(file))
        except MedallionError:
            continue
    return sorted((one for one in found if one.mode in CHAIN), key=lambda one: one.to_lsn)


def _window_end(control: Path, kind: str, file: Path, dry_run: bool) -> Finding:
    """Restore a watermark, the end of the last window; or a claimed window, the last window."""
    from medallion.atomic import write_text

    what = f"control/{kind}/{file.name} is damaged"
    chain = _chain(control / "receipts" / file.stem)
    if not chain:
        return Finding(what, f"no receipt of {file.stem} has its value: delete it to load again")
    last = next((one for one in reversed(chain) if one.mode != "empty"), chain[-1])
    content = {"lsn": chain[-1].to_lsn}
    if kind == "pins":
        content = {"mode": last.mode, "from_lsn": last.from_lsn, "to_lsn": last.to_lsn}
        content["run_id"] = last.run_id
    if dry_run:
        return Finding(what, f"would be written from the newest receipt ({chain[-1].to_lsn})")
    write_text(file, json.dumps(content))
    return Finding(what, f"written from the newest receipt ({chain[-1].to_lsn})", restored=True)


def _receipt(home: Home, folder: Path, file: Path, dry_run: bool) -> Finding:
    """Land the window of a damaged receipt again, which writes the receipt again."""
    what = f"control/receipts/{folder.name}/{file.name} is damaged"
    window = _window(home.lake, folder, file)
    if window is None:
        # It is the receipt of an empty window: the other windows leave no gap without it.
        kept = trash(home) / "receipts" / folder.name / file.name
        done = f"moved to {kept}, because no window is missing without it"
        if dry_run:
            return Finding(what, f"would be {done}")
        kept.parent.mkdir(parents=True, exist_ok=True)
        file.replace(kept)
        return Finding(what, done, restored=True)
    if dry_run:
        return Finding(what, f"would be written by landing {window.from_lsn} … again")
    fault = land_again(home, window)
    done = f"its window cannot be landed again: {fault}" if fault else "its window landed again"
    return Finding(what, done, restored=not fault)


def _window(lake: Path, folder: Path, file: Path) -> Receipt | None:
    """The window of a receipt, from the file that its run landed and from the other receipts."""
    run_id, table = file.stem.removesuffix("_late"), folder.name
    late = file.stem.endswith("_late")
    chain = _chain(folder)
    for landed in sorted((lake / "bronze" / "azure_sql" / table).glob("*.parquet")):
        if landed.stem.endswith("_late") != late or _run_of(landed) != run_id:
            continue
        try:
            held = read_content(landed)
        except ValueError:
            continue
        started = min(held.ingested).isoformat()
        path = f"bronze/azure_sql/{table}/{landed.name}"
        made = _made(table, run_id, started, path)
        if late or (held.first_lsn == held.last_lsn == landed.stem and held.operations == {2}):
            mode = "late" if late else "initial"
            return made(mode, held.first_lsn, held.first_lsn)
        if landed.stem.startswith("backfill_"):
            _, first, last, *_ = landed.stem.split("_")
            return made("backfill", held.first_lsn, held.last_lsn, first, last)
        return made("increment", landed.stem, _end(lake, table, chain, landed.stem))
    for before, after in itertools.pairwise(chain):
        if after.from_lsn > _plus(before.to_lsn, 1) and after.mode != "initial":
            path = f"bronze/azure_sql/{table}/{_plus(before.to_lsn, 1)}.parquet"
            made = _made(table, run_id, after.started_at, path)
            return made("increment", _plus(before.to_lsn, 1), _plus(after.from_lsn, -1))
    watermark = str(_content(lake / "control" / "watermarks" / f"{table}.json").get("lsn", ""))
    if chain and watermark > chain[-1].to_lsn:
        first = _plus(chain[-1].to_lsn, 1)
        path = f"bronze/azure_sql/{table}/{first}.parquet"
        return _made(table, run_id, chain[-1].ended_at, path)("increment", first, watermark)
    return None


def _made(table: str, run_id: str, started: str, path: str) -> Any:
    def make(
        mode: str, first: str, last: str, from_date: str | None = None, to_date: str | None = None
    ) -> Receipt:
        return Receipt(
            *(table, mode, first, last, 0, 0, 0, run_id, started, started),
            file=path,
            from_date=from_date,
            to_date=to_date,
        )

    return make


def _end(lake: Path, table: str, chain: list[Receipt], first: str) -> str:
    """The end of a window: before the next window, or at the watermark."""
    following = [one.from_lsn for one in chain if one.from_lsn > first]
    if following:
        return _plus(min(following), -1)
    return str(_content(lake / "control" / "watermarks" / f"{table}.json").get("lsn", first))


def _plus(lsn: str, step: int) -> str:
    return f"0x{int(lsn, 16) + step:020X}"


def _run_of(file: Path) -> str | None:
    try:
        rows = pq.read_table(file, columns=["_run_id"])["_run_id"]
    except (OSError, pa.ArrowException):
        return None
    return str(rows[0].as_py()) if len(rows) else None
