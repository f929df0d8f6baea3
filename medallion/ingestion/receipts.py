"""The receipt that each landed window leaves in the lake, next to its file."""

import json
from dataclasses import dataclass, fields
from pathlib import Path

from medallion.errors import MedallionError

MODES = ("initial", "late", "increment", "empty", "backfill")


@dataclass(frozen=True)
class Receipt:
    """One window of one table; LSNs are `0x…` texts of 22 characters, both ends included.

    `checksum` is the sum of the rows' change numbers, computed by the source (see
    `medallion.ingestion.landed_files.change_number`); a first load has none. `md5` is the file's
    MD5 in base64, as the storage account reports it. `file` is None when no row landed. `min_lsn`
    is the start of the source's change log at the time the rows had been counted; older receipts
    lack it. `available_from` is the UTC time of `min_lsn` for a backfill that landed only later
    changes. `erasure` is the record of the last erasure that rewrote the file; its MD5 before is
    in the record.
    """

    table: str
    mode: str
    from_lsn: str
    to_lsn: str
    rows_read: int
    rows_written: int
    bytes: int
    run_id: str
    started_at: str
    ended_at: str
    checksum: str | None = None
    md5: str | None = None
    file: str | None = None
    from_date: str | None = None
    to_date: str | None = None
    min_lsn: str | None = None
    available_from: str | None = None
    erasure: str | None = None


def read_receipt(file: Path) -> Receipt:
    """Read a receipt from a file. Raises `MedallionError` when it is damaged."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        receipt = Receipt(**content)
    except (ValueError, TypeError) as error:
        raise MedallionError(f"{file} is not a valid receipt: {error}.") from None
    for one in fields(Receipt):
        value = getattr(receipt, one.name)
        kind = int if one.type is int else str
        if not (isinstance(value, kind) or (value is None and one.default is None)):
            raise MedallionError(f"{file} is not a valid receipt: {one.name} is {value!r}.")
    if receipt.mode not in MODES:
        raise MedallionError(f"{file} is not a valid receipt: its mode is '{receipt.mode}'.")
    return receipt
