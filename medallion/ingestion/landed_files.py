"""The receipts and files of one table in the lake, and whether they agree."""

import base64
import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.ingestion.receipts import Receipt

CHANGE = ("_start_lsn", "_seqval", "_operation")
CONTROL = (*CHANGE, "_commit_time", "_ingested_at", "_run_id", "_file")
INSERT = 2
CHECKSUM_BYTES = 6  # of SHA-256, so that the sum of 10^20 rows fits into decimal(38, 0)


@dataclass(frozen=True)
class Content:
    """The content of a landed file, as far as its receipt describes it."""

    rows: int
    changes: int
    checksum: str
    first_lsn: str
    last_lsn: str
    operations: frozenset[int]
    run_ids: frozenset[str]
    files: frozenset[str]
    ingested: frozenset[dt.datetime]


def change_number(lsn: str, seqval: str, operation: int) -> int:
    """The first six bytes of SHA-256 of `lsn|seqval|operation`; a checksum sums these numbers.

    The query 'Count rows' of pl_land_file computes the same number in the source.
    """
    digest = hashlib.sha256(f"{lsn}|{seqval}|{operation}".encode()).digest()
    return int.from_bytes(digest[:CHECKSUM_BYTES], "big")


def read_content(file: Path) -> Content:
    """Read a landed Parquet file. Raises `ValueError` when it is damaged or not a change file."""
    numbers: set[int] = set()
    rows = total = 0
    met: dict[str, set[Any]] = {name: set() for name in CONTROL}
    try:
        with pq.ParquetFile(file, page_checksum_verification=True) as opened:
            if missing := sorted(set(CONTROL) - set(opened.schema_arrow.names)):
                raise ValueError(f"it lacks the column {missing[0]}")
            for batch in opened.iter_batches(columns=list(CONTROL)):
                held = {name: _values(batch.column(name)) for name in CONTROL}
                if empty := next((name for name, values in held.items() if None in values), None):
                    raise ValueError(f"a row has no {empty}")
                changes = zip(*(held[name] for name in CHANGE), strict=True)
                found = [change_number(*one) for one in changes]
                rows, total = rows + len(found), total + sum(found)
                numbers.update(found)
                for name in set(CONTROL) - {"_seqval"}:
                    met[name].update(held[name])
    except (pa.ArrowException, OSError) as error:
        raise ValueError(str(error).splitlines()[0]) from None
    if not rows:
        raise ValueError("it has no rows")
    return Content(
        rows=rows,
        changes=len(numbers),
        checksum=str(total),
        first_lsn=min(met["_start_lsn"]),
        last_lsn=max(met["_start_lsn"]),
        operations=frozenset(met["_operation"]),
        run_ids=frozenset(met["_run_id"]),
        files=frozenset(met["_file"]),
        ingested=frozenset(met["_ingested_at"]),
    )


def _values(column: pa.Array) -> list[Any]:
    """A column's values; times are cut to microseconds, where Azure keeps 100 nanoseconds."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.timestamp("us"), safe=False)
    values: list[Any] = column.to_pylist()
    return values


def file_faults(lake: Path, receipt: Receipt) -> Iterator[str]:
    """The differences between a receipt and its file."""
    if receipt.file is None:
        if receipt.rows_written or receipt.bytes:
            yield f"reports {receipt.rows_written} rows in {receipt.bytes} bytes, but names no file"
        return
    file = lake / receipt.file
    if not file.is_file():
        yield f"names the file {receipt.file}, which does not exist"
        return
    content = file.read_bytes()
    if len(content) != receipt.bytes:
        yield f"{receipt.file} has {len(content)} bytes, not {receipt.bytes}"
    md5 = base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    if receipt.md5 is not None and md5 != receipt.md5:
        yield f"{receipt.file} is not the file that landed: its hash differs"
    try:
        held = read_content(file)
    except ValueError as error:
        yield f"{receipt.file} cannot be read: {error}"
        return
    yield from (f"{receipt.file} {fault}" for fault in _content_faults(receipt, held))


def _content_faults(receipt: Receipt, held: Content) -> Iterator[str]:
    if not receipt.rows_read == receipt.rows_written == held.rows:
        read, written = receipt.rows_read, receipt.rows_written
        yield f"holds {held.rows} rows, but {read} were read and {written} written"
    if held.changes != held.rows:
        yield f"holds {held.rows - held.changes} duplicate changes"
    if receipt.checksum is not None and held.checksum != receipt.checksum:
        yield "does not hold the changes that the source counted: the checksums differ"
    if not receipt.from_lsn <= held.first_lsn <= held.last_lsn <= receipt.to_lsn:
        span = f"{held.first_lsn} … {held.last_lsn}"
        yield f"holds changes {span} outside {receipt.from_lsn} … {receipt.to_lsn}"
    if receipt.mode == "initial" and held.operations != {INSERT}:
        yield "is a first load, but holds more than inserts"
    if held.run_ids != {receipt.run_id} or held.files != {receipt.file}:
        yield "names another run or file in its rows"
    if held.ingested != {_naive(receipt.started_at)}:
        yield f"was not ingested at {receipt.started_at}"
    # LSNs define the changes of a backfill. Their commit times can lie outside the requested days
    # if the source's clock was set back.
    whole = f"backfill_{receipt.from_date}_{receipt.to_date}"
    names = {whole, f"{whole}_since_{receipt.from_lsn}"}
    if receipt.mode == "backfill" and Path(str(receipt.file)).stem not in names:
        yield f"is not named after its days, {receipt.from_date} … {receipt.to_date}"


def _naive(text: str) -> dt.datetime | None:
    """A UTC time as Data Factory writes it, cut to microseconds; None for any other text."""
    try:
        return dt.datetime.fromisoformat(text[:26].rstrip("Z"))
    except ValueError:
        return None
