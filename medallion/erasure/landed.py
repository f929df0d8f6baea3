"""The landed files of an entity, with a person's values replaced, and their receipts.

A file keeps its name, its rows and its modification time. Its size and its MD5 change, so its
receipts change too, and name the record of the erasure.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.atomic import replacing, write_text
from medallion.erasure.pseudonyms import is_pseudonym
from medallion.errors import MedallionError

Pseudonyms = Mapping[str, Mapping[str, str]]


def files(lake: Path, landed_as: str) -> list[Path]:
    """The landed files of a source table. A link may lead out of the lake: `MedallionError`."""
    found = sorted((lake / "bronze" / "azure_sql" / landed_as).glob("[!.]*.parquet"))
    if linked := next((file for file in found if file.is_symlink()), None):
        raise MedallionError(f"{linked} is a link: replace it by the file, or remove it.")
    return found


def values(file: Path, key: str, number: int, columns: tuple[str, ...]) -> dict[str, set[str]]:
    """The person's values in a file, by column."""
    table, named, mine = _read(file, key, number)
    return {
        column: {v for v in _texts(table, named.get(column.lower()), mine) if v is not None}
        for column in columns
    }


def rewrite(
    lake: Path,
    file: Path,
    key: str,
    number: int,
    pseudonyms: Pseudonyms,
    record: str,
    prepare: Callable[[dict[str, Any], int], None],
) -> None:
    """Replace the person's values in a file. A file without them stays as it is.

    `prepare(facts, modified_ns)` is called before the file is replaced. The facts are the number of
    changed rows, and bytes and MD5 `before` and `after`. An interruption leaves the old file, which
    the next run rewrites to the same bytes; until then the receipts may be ahead of it.
    """
    table, named, mine = _read(file, key, number)
    changed: set[int] = set()
    for column, texts in pseudonyms.items():
        if column.lower() not in named:
            continue
        position = table.schema.get_field_index(named[column.lower()])
        held = table.column(position).to_pylist()
        for row in mine:
            if held[row] is not None and not is_pseudonym(held[row]):
                held[row] = texts[held[row]]
                changed.add(row)
        field = table.schema.field(position)
        table = table.set_column(position, field, pa.array(held, field.type))
    if not changed:
        return
    before, modified = file.read_bytes(), file.stat().st_mtime_ns
    with pq.ParquetFile(file) as opened:
        compression = opened.metadata.row_group(0).column(0).compression
    with replacing(file) as temporary:
        pq.write_table(table, temporary, compression=_codec(compression))
        os.utime(temporary, ns=(modified, modified))
        after = temporary.read_bytes()
        facts = {"rows": len(changed), "before": facts_of(before), "after": facts_of(after)}
        prepare(facts, modified)
        name = file.relative_to(lake).as_posix()
        _restate(lake, name, before, after, record)


def facts_of(content: bytes) -> dict[str, Any]:
    """Bytes and MD5 as a receipt has them."""
    digest = hashlib.md5(content, usedforsecurity=False).digest()
    return {"bytes": len(content), "md5": base64.b64encode(digest).decode()}


def _restate(lake: Path, name: str, before: bytes, after: bytes, record: str) -> None:
    """Give the receipts that describe the old file the size and MD5 of the new one."""
    known = (facts_of(before), facts_of(after))
    for receipt, content in _receipts(lake, name):
        described = any(
            content["bytes"] == one["bytes"] and content.get("md5") in (None, one["md5"])
            for one in known
        )
        if described:
            new = known[1] if content.get("md5") else {"bytes": known[1]["bytes"]}
            restated = content | new | {"erasure": record}
            write_text(receipt, json.dumps(restated, separators=(",", ":")))


def _receipts(lake: Path, name: str) -> Iterator[tuple[Path, dict[str, Any]]]:
    table = Path(name).parent.name
    for receipt in sorted((lake / "control" / "receipts" / table).glob("[!.]*.json")):
        content = json.loads(receipt.read_text(encoding="utf-8"))
        if content.get("file") == name:
            yield receipt, content


def _read(file: Path, key: str, number: int) -> tuple[pa.Table, dict[str, str], list[int]]:
    """The file's table, its columns' names by their names in lower case, and the person's rows."""
    try:
        with pq.ParquetFile(file) as opened:
            table = opened.read()
    except (pa.ArrowException, OSError):
        raise MedallionError(f"{file} is damaged: run `medallion repair` first.") from None
    named = {name.lower(): name for name in table.column_names}
    if key.lower() not in named:
        raise MedallionError(f"{file} lacks the column {key}, so nobody's rows are found in it.")
    held = table.column(named[key.lower()]).to_pylist()
    return table, named, [row for row, value in enumerate(held) if value == number]


def _texts(table: pa.Table, column: str | None, mine: list[int]) -> list[str | None]:
    if column is None:
        return []
    held = table.column(column)
    return [held[row].as_py() for row in mine]


def _codec(name: str) -> str:
    return "NONE" if name == "UNCOMPRESSED" else name
