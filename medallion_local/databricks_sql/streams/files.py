"""`read_files`: landed Parquet, CSV and JSON files as rows, file by file.

Source: https://learn.microsoft.com/azure/databricks/sql/language-manual/functions/read_files
Columns are matched by name, ignoring case, and cast. A missing column is NULL. An additional column
is omitted.
"""

import json
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from medallion_local import delimited
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.types import plain_schema, type_name
from medallion_local.lake_paths import LakePathError, require_inside

METADATA = "_metadata"
_METADATA_TYPE = pa.struct(
    [
        ("file_path", pa.string()),
        ("file_name", pa.string()),
        ("file_size", pa.int64()),
        ("file_modification_time", pa.timestamp("us", "UTC")),
    ]
)
_ROWS = 65_536
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class LandedFile:
    """A file as it was listed. The same path with another size or time is another file."""

    path: Path
    url: str
    size: int
    modified_ns: int

    @property
    def identity(self) -> list:
        """The file's identity in the stream's log."""
        return [self.url, self.size, self.modified_ns]


class FileChanged(SqlError):
    """A file was replaced or removed between its listing and the end of reading it."""


@dataclass(frozen=True)
class ReadFiles:
    """The arguments of one `read_files(...)`; `stream` if STREAM precedes it."""

    url: str
    folder: Path
    format: str
    schema: pa.Schema | None
    header: bool = True
    delimiter: str = ","
    escape: str = "\\"
    multi_line: bool = False
    allow_overwrites: bool = False
    stream: bool = False
    lake: Path | None = None  # where links may lead; by default only into the folder

    def listing(self) -> list[LandedFile]:
        """The files in the folder, by name, without hidden and unfinished files."""
        found = []
        candidates = [self.folder] if self.folder.is_file() else sorted(self.folder.rglob("*"))
        for path in candidates:
            names = path.relative_to(self.folder).parts or (path.name,)
            if any(name.startswith(("_", ".")) for name in names):
                continue
            if path.suffix in (".tmp", ".partial"):
                continue
            if path.is_symlink():
                self._check_link(path)
            try:
                status = path.stat()
            except FileNotFoundError:
                continue
            if not stat.S_ISREG(status.st_mode):
                continue
            relative = "/".join(path.relative_to(self.folder).parts)
            url = f"{self.url.rstrip('/')}/{relative}" if relative else self.url
            found.append(LandedFile(path, url, status.st_size, status.st_mtime_ns))
        return found

    def _check_link(self, link: Path) -> None:
        """Raise for a link that leads out of the lake, or to a folder, which no listing enters."""
        try:
            require_inside(link, (self.lake or self.folder).resolve())
            if link.is_dir():
                raise LakePathError(f"{link} is a symbolic link to a folder")
        except LakePathError as error:
            raise SqlError(f"[FAILED_READ_FILE] {self.url} cannot be read: {error}.") from None


def stage(source: ReadFiles, files: list[LandedFile], folder: Path) -> pa.Schema:
    """Write the files' rows, with `_metadata`, to one Parquet file in `folder`; its schema."""
    wanted = source.schema if source.schema is not None else _merged_schema(source, files)
    staged = pa.schema([*wanted, pa.field(METADATA, _METADATA_TYPE)])
    with pq.ParquetWriter(folder / "rows.parquet", staged, compression="snappy") as writer:
        for file in files:
            for batch in _batches(source, file, wanted):
                writer.write_batch(_with_metadata(batch, file, staged))
            _require_unchanged(file)
    return staged


def _require_unchanged(file: LandedFile) -> None:
    """Raise if the file changed since its listing: the stream would record another file."""
    try:
        status = file.path.stat()
    except FileNotFoundError:
        raise FileChanged(
            f"[FILE_NOT_EXIST] {file.url} was removed while it was read: run the statement again."
        ) from None
    if (status.st_size, status.st_mtime_ns) != (file.size, file.modified_ns):
        raise FileChanged(
            f"[FILE_CHANGED] {file.url} was written while it was read: run the statement again."
        )


def _with_metadata(batch: pa.RecordBatch, file: LandedFile, schema: pa.Schema) -> pa.RecordBatch:
    value = {
        "file_path": file.url,
        "file_name": file.path.name,
        "file_size": file.size,
        "file_modification_time": _EPOCH + timedelta(microseconds=file.modified_ns // 1000),
    }
    column = pa.repeat(pa.scalar(value, _METADATA_TYPE), batch.num_rows)
    return pa.RecordBatch.from_arrays([*batch.columns, column], schema=schema)


def _batches(source: ReadFiles, file: LandedFile, wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    try:
        for batch in _READERS[source.format](source, file, wanted):
            yield _matched(batch, wanted, file)
    except (pa.ArrowException, OSError, ValueError) as error:
        _require_unchanged(file)
        raise SqlError(
            f"[FAILED_READ_FILE] {file.url} is truncated or is not a {source.format} file: "
            f"land the complete file again ({str(error).splitlines()[0]})."
        ) from None


def _read_parquet(
    source: ReadFiles, file: LandedFile, wanted: pa.Schema
) -> Iterator[pa.RecordBatch]:
    # As nanoseconds, the default for INT96, years after 2262 would wrap around without an error.
    with pq.ParquetFile(
        file.path, coerce_int96_timestamp_unit="us", page_checksum_verification=True
    ) as parquet:
        names = {name.lower() for name in wanted.names}
        columns = [name for name in parquet.schema_arrow.names if name.lower() in names]
        if not columns:
            yield from _nameless(parquet.metadata.num_rows)
        else:
            yield from parquet.iter_batches(_ROWS, columns=columns)


def _nameless(rows: int) -> Iterator[pa.RecordBatch]:
    for start in range(0, rows, _ROWS):
        count = min(_ROWS, rows - start)
        yield pa.RecordBatch.from_arrays([pa.nulls(count)], names=["\0"])


def _read_csv(source: ReadFiles, file: LandedFile, wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    """The records as `mode => 'FAILFAST'` reads them. A damaged file is an error with its line."""
    records = delimited.read(file.path, source.delimiter, '"', source.escape)
    names = list(wanted.names)
    if source.header:
        _, header = next(records, (1, []))
        names = [name or "" for name in header]
    records = delimited.same_width(records, len(names))
    if not source.multi_line:
        records = _on_one_line(records)
    schema = pa.schema([(name, pa.string()) for name in names])
    while batch := list(islice(records, _ROWS)):
        columns = zip(*(fields for _, fields in batch), strict=True)
        yield pa.RecordBatch.from_arrays(
            [pa.array(column, pa.string()) for column in columns], schema=schema
        )


def _on_one_line(records: Iterator[delimited.Record]) -> Iterator[delimited.Record]:
    for line, fields in records:
        if any(field and ("\n" in field or "\r" in field) for field in fields):
            raise delimited.DelimitedTextError(
                line, "a quoted field contains a line break, which requires multiLine => true"
            )
        yield line, fields


class _Number(str):
    """A JSON number as it is written."""


def _read_json(source: ReadFiles, file: LandedFile, wanted: pa.Schema) -> Iterator[pa.RecordBatch]:
    """One object per line, or per file with `multiLine`, as `mode => 'FAILFAST'` reads them.

    Source: https://spark.apache.org/docs/latest/sql-data-sources-json.html
    """
    text = file.path.read_text(encoding="utf-8-sig")
    pieces = [text] if source.multi_line else text.splitlines()
    records = [_json(piece) for piece in pieces if piece.strip()]
    if source.multi_line and records and isinstance(records[0], list):
        records = records[0]
    held = []
    for record in records:
        if not isinstance(record, dict):
            raise ValueError(f"{record!r} is not an object")
        held.append({name.lower(): value for name, value in record.items()})
    columns = [
        pa.array([_scalar(row.get(to.name.lower()), to) for row in held], pa.string())
        for to in wanted
    ]
    yield pa.RecordBatch.from_arrays(columns, names=wanted.names)


def _json(text: str) -> object:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a JSON value")

    return json.loads(text, parse_int=_Number, parse_float=_Number, parse_constant=refuse)


def _scalar(value: object, to: pa.Field) -> str | None:
    """The text of a JSON value for a column of its type. A text column accepts any scalar."""
    if value is None:
        return None
    if isinstance(value, bool):
        fits, text = pa.types.is_boolean(to.type), str(value).lower()
    elif isinstance(value, _Number):
        fits, text = _is_number(to.type), str(value)
    else:
        fits, text = pa.types.is_temporal(to.type), str(value)
    if isinstance(value, dict | list) or not (fits or _is_text(to.type)):
        raise ValueError(f"{to.name} is {text!r}, not {to.type}")
    return text


_READERS: dict[str, Callable[[ReadFiles, LandedFile, pa.Schema], Iterator[pa.RecordBatch]]] = {
    "parquet": _read_parquet,
    "csv": _read_csv,
    "json": _read_json,
}
FORMATS = frozenset(_READERS)


def _matched(batch: pa.RecordBatch, wanted: pa.Schema, file: LandedFile) -> pa.RecordBatch:
    columns = []
    for target in wanted:
        index = _position(batch.schema.names, target.name, file)
        if index is None:
            columns.append(pa.nulls(batch.num_rows, target.type))
            continue
        try:
            columns.append(cast(batch.column(index), target.type))
        except pa.ArrowException as error:
            raise SqlError(
                f"[FAILED_READ_FILE] Column `{target.name}` of {file.url} does not hold "
                f"{type_name(target.type)} values: {str(error).splitlines()[0].rstrip('.')}."
            ) from None
    return pa.RecordBatch.from_arrays(columns, schema=wanted)


def _position(names: list[str], wanted: str, file: LandedFile) -> int | None:
    """The position of a column. If several differ only in case, the one with the exact name."""
    alike = [index for index, name in enumerate(names) if name.lower() == wanted.lower()]
    if len(alike) > 1:
        alike = [index for index in alike if names[index] == wanted]
        if len(alike) != 1:
            raise SqlError(
                f"[FAILED_READ_FILE] {file.url} has more than one column `{wanted}`: land it again "
                "with one."
            )
    return alike[0] if alike else None


def cast(values: pa.Array, target: pa.DataType) -> pa.Array:
    """`values` as `target`. Times without a zone are UTC, and are truncated to microseconds.

    Raises pa.ArrowException for a value that does not fit, and for a number as a time, because its
    unit and its epoch are unknown.
    """
    kind = values.type
    if kind == target:
        return values
    if pa.types.is_dictionary(kind):
        return cast(values.dictionary_decode(), target)
    if _is_number(kind) and pa.types.is_temporal(target):
        raise pa.ArrowInvalid(f"they are numbers ({type_name(kind)})")
    if _is_text(kind):
        values = pc.utf8_trim_whitespace(values) if not _is_text(target) else values
        if pa.types.is_timestamp(target):
            return _text_to_timestamp(values).cast(target)
        if pa.types.is_date(target):
            return _as_date(_text_to_timestamp(values), target)
        if pa.types.is_boolean(target):
            return pc.utf8_lower(values).cast(target)
    if pa.types.is_timestamp(target) and (pa.types.is_timestamp(kind) or pa.types.is_date(kind)):
        return _cut(values, target)
    if pa.types.is_timestamp(kind) and pa.types.is_date(target):
        return _as_date(values, target)
    if pa.types.is_decimal(target) and pa.types.is_integer(kind):
        return values.cast(pa.decimal128(38, target.scale)).cast(target)
    return values.cast(target)


def _cut(values: pa.Array, target: pa.DataType) -> pa.Array:
    """Times in another unit. Digits are truncated; a time outside the unit's range is an error."""
    return values.cast(options=pc.CastOptions(target, allow_time_truncate=True))


def _as_date(values: pa.Array, target: pa.DataType) -> pa.Array:
    """The UTC dates of times."""
    return _cut(_cut(values, pa.timestamp("us")), target)


def _is_text(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_kind(kind) for is_kind in kinds)


def _is_number(kind: pa.DataType) -> bool:
    return pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)


def _text_to_timestamp(values: pa.Array) -> pa.Array:
    """ISO texts as UTC timestamps, with or without a zone, with up to nine fractional digits."""
    utc = pa.timestamp("us", "UTC")
    failure: pa.ArrowException | None = None
    for kind in (pa.timestamp("us"), utc, pa.timestamp("ns"), pa.timestamp("ns", "UTC")):
        try:
            return _cut(values.cast(kind), utc)
        except pa.ArrowException as error:
            failure = failure or error
    raise failure or pa.ArrowInvalid("not a time")


def _merged_schema(source: ReadFiles, files: list[LandedFile]) -> pa.Schema:
    """The schema without a `schema` argument: the columns of all files, text on a type conflict."""
    fields: dict[str, pa.Field] = {}
    for file in files:
        for found in _file_schema(source, file):
            known = fields.get(found.name.lower())
            if known is None:
                fields[found.name.lower()] = found
            elif known.type != found.type:
                fields[found.name.lower()] = pa.field(known.name, pa.string())
    if not fields:
        raise SqlError(
            f"[CF_EMPTY_DIR_FOR_SCHEMA_INFERENCE] {source.url} has no file from which to infer a "
            "schema: add `schema => '…'`."
        )
    return pa.schema(list(fields.values()))


def _file_schema(source: ReadFiles, file: LandedFile) -> pa.Schema:
    if source.format == "json":
        raise SqlError(f"[CF_SCHEMA] {source.url} contains JSON: add `schema => '…'`.")
    try:
        if source.format == "parquet":
            return plain_schema(pq.read_schema(file.path))
        options = pa.csv.ParseOptions(delimiter=source.delimiter, newlines_in_values=True)
        return plain_schema(pa.csv.read_csv(file.path, parse_options=options).schema)
    except (pa.ArrowException, OSError) as error:
        raise SqlError(
            f"[FAILED_READ_FILE] {file.url} is truncated or is not a {source.format} file: "
            f"land the complete file again ({str(error).splitlines()[0]})."
        ) from None
