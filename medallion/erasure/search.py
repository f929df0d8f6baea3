"""Searches every file for a person's values, and tells them apart from those of other persons.

A cell belongs to the person whose key its row has. A statistic of a Delta log describes a data
file, so it belongs to the persons whose rows in this file have the value. A hit that cannot be told
apart counts as left.
"""

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.erasure.forms import Values

_PARQUET, _DUCKDB, _GZIP = b"PAR1", b"DUCK", b"\x1f\x8b"
_LOG = "_delta_log"


@dataclass
class Found:
    """The files with a hit. `left` are the person's, or cannot be told apart; each has its reason.

    `shared` has the files in which only other persons have a value, `other` those of other
    entities. `unread` are files that cannot be searched.
    """

    files: int = 0
    bytes: int = 0
    left: dict[str, str] = field(default_factory=dict)
    shared: list[str] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Cells:
    """The values in a file's cells: those in rows of the person, of others, and of nobody known."""

    mine: frozenset[str]
    others: frozenset[str]
    unknown: frozenset[str]

    @property
    def left(self) -> frozenset[str]:
        return self.mine | self.unknown


def search(
    roots: Sequence[Path],
    values: Values,
    key: str,
    number: int,
    other_entities: Iterable[str],
    skip: Sequence[Path],
) -> Found:
    """Search all files below the roots, except those in `skip`.

    `other_entities` are the names of folders whose tables describe something else than people: a
    song may have a person's name. A table's folder may continue with a hyphen and an id.
    """
    found = Found()
    searcher = _Searcher(values, key.lower(), number, frozenset(other_entities))
    for root, file in _files(roots, skip):
        searcher.look(file, file.relative_to(root).as_posix(), found)
    return found


def _files(roots: Sequence[Path], skip: Sequence[Path]) -> Iterator[tuple[Path, Path]]:
    seen: set[Path] = set()
    for root in roots:
        for file in sorted(root.rglob("*")):
            if file.is_file() and file not in skip and file.resolve() not in seen:
                seen.add(file.resolve())
                yield root.parent, file


class _Searcher:
    def __init__(self, values: Values, key: str, number: int, others: frozenset[str]) -> None:
        self._values, self._key, self._number, self._others = values, key, number, others

    def look(self, file: Path, name: str, found: Found) -> None:
        """Search a file, and add its result."""
        try:
            content = file.read_bytes()
        except FileNotFoundError:  # a running warehouse removes its temporary files
            return
        found.files += 1
        found.bytes += len(content)
        if content[8:12] == _DUCKDB:
            found.unread.append(name)
            return
        if content[:2] == _GZIP:
            content = gzip.decompress(content)
        hits = self._values.in_bytes(content)
        if _LOG in file.parts:
            self._log(file, name, content, hits, found)
        elif content[:4] == _PARQUET:
            self._table(file, name, hits, found)
        elif hits:
            found.left[name] = "in its text"

    def _table(self, file: Path, name: str, hits: set[str], found: Found) -> None:
        cells = self._cells(file)
        if cells is None:
            found.unread.append(name)
        elif self._is_other(file) and (hits or cells.left):
            found.other.append(name)
        elif cells.mine:
            found.left[name] = "in rows of the person"
        elif cells.unknown:
            found.left[name] = "in rows without the key"
        elif hits - cells.others:
            found.left[name] = "beside its rows"
        elif cells.others:
            found.shared.append(name)

    def _log(self, file: Path, name: str, content: bytes, hits: set[str], found: Found) -> None:
        """An entry or a checkpoint of a Delta log: each action may describe a data file."""
        if content[:4] == _PARQUET:
            rows = pq.read_table(file).to_pylist()
        elif file.suffix == ".json":
            rows = [json.loads(line) for line in content.decode().splitlines() if line.strip()]
        else:
            rows = []
        folder = Path(*file.parts[: file.parts.index(_LOG)])
        shared: set[str] = set()
        for action in rows:
            mentioned = set().union(*map(self._values.in_cell, _texts(action)), set())
            if not mentioned:
                continue
            described = folder / unquote((action.get("add") or {}).get("path") or ".")
            cells = self._cells(described) if described.is_file() else None
            if cells is None or cells.left or mentioned - cells.others:
                found.left[name] = "in the log of the table"
                return
            shared |= mentioned
        if self._is_other(file) and (hits or shared):
            found.other.append(name)
        elif hits - shared:
            found.left[name] = "in the log of the table"
        elif shared:
            found.shared.append(name)

    def _is_other(self, file: Path) -> bool:
        return any(
            part == one or part.startswith(f"{one}-") for part in file.parts for one in self._others
        )

    def _cells(self, file: Path) -> _Cells | None:
        """The values in the cells of a Parquet file, by owner; None for a damaged file."""
        mine: set[str] = set()
        others: set[str] = set()
        unknown: set[str] = set()
        try:
            with pq.ParquetFile(file) as opened:
                for batch in opened.iter_batches():
                    for row, texts in self._hits(batch):
                        owner = self._owner(batch, row)
                        owner = owner if owner is not None else self._owner_in(texts)
                        hits = set().union(*map(self._values.in_cell, texts))
                        kept = (
                            unknown if owner is None else mine if owner == self._number else others
                        )
                        kept.update(hits)
        except (pa.ArrowException, OSError):
            return None
        return _Cells(frozenset(mine), frozenset(others), frozenset(unknown))

    def _hits(self, batch: pa.RecordBatch) -> Iterator[tuple[int, list[str]]]:
        """The rows of a batch with a value, and the texts that contain one."""
        found: dict[int, list[str]] = {}
        for column in batch.columns:
            kind = column.type
            if pa.types.is_string(kind) or pa.types.is_large_string(kind):
                column = column.dictionary_encode()
            if pa.types.is_dictionary(column.type):
                self._add_encoded(column, found)
            elif pa.types.is_nested(kind) or pa.types.is_binary(kind):
                for row, value in enumerate(column.to_pylist()):
                    hits = [text for text in _texts(value) if self._values.in_cell(text)]
                    if hits:
                        found.setdefault(row, []).extend(hits)
        yield from found.items()

    def _add_encoded(self, column: pa.DictionaryArray, found: dict[int, list[str]]) -> None:
        """Add the hits of a column; each distinct text is examined once."""
        texts = {
            code: text
            for code, text in enumerate(column.dictionary.to_pylist())
            if isinstance(text, str) and self._values.in_cell(text)
        }
        if not texts:
            return
        for row, code in enumerate(column.indices.to_pylist()):
            if code in texts:
                found.setdefault(row, []).append(texts[code])

    def _owner(self, batch: pa.RecordBatch, row: int) -> int | None:
        names = [name.lower() for name in batch.schema.names]
        if self._key not in names:
            return None
        value: int | None = batch.column(names.index(self._key))[row].as_py()
        return value

    def _owner_in(self, texts: Iterable[str]) -> int | None:
        """The key in a landed row that a table keeps as JSON."""
        for text in texts:
            try:
                row = json.loads(text)
            except ValueError:
                continue
            if isinstance(row, dict):
                named = {str(name).lower(): value for name, value in row.items()}
                if isinstance(named.get(self._key), int):
                    return int(named[self._key])
        return None


def _texts(value: Any) -> Iterator[str]:
    """The texts in a value; those of a JSON object in a text too, as Delta's statistics are one."""
    if isinstance(value, str):
        yield value
        if value.startswith("{"):
            try:
                yield from _texts(json.loads(value))
            except ValueError:
                return
    elif isinstance(value, bytes):
        yield value.decode("utf-8", errors="replace")
    elif isinstance(value, dict):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
