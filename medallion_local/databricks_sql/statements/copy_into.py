"""COPY INTO: the rows of files that were not loaded before, in one commit that names the files.

Source: https://docs.databricks.com/sql/language-manual/delta-copy-into.html
"""

import fnmatch
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.json

from medallion_local import delimited
from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.context import Context, affected
from medallion_local.databricks_sql.delta import evolution
from medallion_local.databricks_sql.delta_log import log
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse, quoted, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.statements import changes
from medallion_local.databricks_sql.streams.files import (
    FORMATS,
    METADATA,
    LandedFile,
    ReadFiles,
    stage,
)

_FLAGS = ("header", "inferschema", "mergeschema", "multiline")
_TEXTS = ("sep", "delimiter", "escape", "quote", "encoding")


@dataclass
class Copy:
    """The clauses of one COPY INTO."""

    target: tuple[str, ...] = ()
    by_position: bool = False
    columns: list[str] = field(default_factory=list)
    url: str = ""
    select: str = ""
    format: str = ""
    files: list[str] = field(default_factory=list)
    pattern: str = ""
    format_options: dict[str, str] = field(default_factory=dict)
    copy_options: dict[str, str] = field(default_factory=dict)


def copy_into(context: Context, sql: str) -> Result:
    """Load the new files. A file is known by its path, size and time; `force` loads it again."""
    copy = _read(sql)
    relation = changes.writable(context, copy.target)
    with context.storage.lock(relation.location):
        relation = context.catalog.get(relation.key)
        source = _source(context, copy, relation)
        files = _chosen(copy, source.listing())
        if not _true(copy.copy_options, "force"):
            known = log.copied(relation.location)
            files = [file for file in files if _identity(file) not in known]
        if not files:
            return affected(0, num_inserted_rows=0, num_skipped_corrupt_files=0)
        rows = _load(context, copy, relation, source, files)
    return affected(rows, num_inserted_rows=rows, num_skipped_corrupt_files=0)


def _read(sql: str) -> Copy:
    reader = Reader(sql)
    reader.expect("COPY", "INTO")
    copy = Copy(target=reader.name())
    if reader.take("BY", "POSITION"):
        copy.by_position = True
    elif reader.sees("("):
        copy.columns = reader.strings()
    reader.expect("FROM")
    if reader.take("("):
        reader.expect("SELECT")
        copy.select = reader.until("FROM")
        reader.expect("FROM")
        copy.url = reader.string()
        reader.expect(")")
    else:
        copy.url = reader.string()
    if reader.sees("WITH"):
        raise unsupported("COPY INTO … WITH (CREDENTIAL …): the lake of a laptop has none")
    reader.expect("FILEFORMAT", "=")
    copy.format = reader.identifier().lower()
    while not reader.at_end:
        if reader.take("FILES", "="):
            copy.files = reader.strings()
        elif reader.take("PATTERN", "="):
            copy.pattern = reader.string()
        elif reader.take("FORMAT_OPTIONS"):
            copy.format_options = _options(reader)
        elif reader.take("COPY_OPTIONS"):
            copy.copy_options = _options(reader)
        else:
            raise unsupported(sql)
    if copy.format not in FORMATS:
        raise unsupported(f"COPY INTO … FILEFORMAT = {copy.format.upper()}")
    for key in copy.copy_options:
        if key not in ("mergeschema", "force"):
            raise unsupported(f"COPY INTO with the copy option {key}")
    for key in copy.format_options:
        if key not in _FLAGS + _TEXTS:
            raise unsupported(f"COPY INTO with the format option {key}")
    return copy


def _options(reader: Reader) -> dict[str, str]:
    return {key.lower(): value for key, value in reader.pairs().items()}


def _true(options: dict[str, str], name: str) -> bool:
    return options.get(name, "false").lower() == "true"


def _source(context: Context, copy: Copy, relation: Relation) -> ReadFiles:
    options = copy.format_options
    if options.get("quote", '"') != '"' or options.get("encoding", "UTF-8").upper() != "UTF-8":
        raise unsupported("COPY INTO with another quote than '\"' or another encoding than UTF-8")
    return ReadFiles(
        url=copy.url,
        folder=Path(context.storage.lake_folder(copy.url)),
        lake=context.storage.lake,
        format=copy.format,
        schema=None,
        header=_true(options, "header"),
        delimiter=options.get("sep", options.get("delimiter", ",")),
        escape=options.get("escape", "\\"),
        multi_line=_true(options, "multiline"),
    )


def _chosen(copy: Copy, files: list[LandedFile]) -> list[LandedFile]:
    """The files that FILES or PATTERN names, relative to the source."""
    if copy.files:
        named = {f"{copy.url.rstrip('/')}/{name}" for name in copy.files} | set(copy.files)
        return [file for file in files if file.url in named]
    if copy.pattern:
        root = copy.url.rstrip("/") + "/"
        return [f for f in files if fnmatch.fnmatchcase(f.url.removeprefix(root), copy.pattern)]
    return files


def _identity(file: LandedFile) -> str:
    return "|".join(str(part) for part in file.identity)


def _load(
    context: Context, copy: Copy, relation: Relation, source: ReadFiles, files: list[LandedFile]
) -> int:
    with _staged(context, copy, relation, source, files) as (table, names):
        listed = ", ".join(quoted(name) for name in names)
        query = parse(f"SELECT {copy.select or listed} FROM {table}")
        found = context.columns(query.copy())
        targets = copy.columns or [column.name for column in relation.columns]
        if copy.by_position or copy.columns:
            if len(found) != len(targets):
                raise SqlError(
                    f"[COPY_INTO_COLUMN_ARITY_MISMATCH] Cannot write to {relation.full_name}: it "
                    f"expects {len(targets)} columns, and the files have {len(found)}."
                )
            inner = ", ".join(
                f"{quoted(old)} AS {quoted(new)}"
                for old, new in zip(found.names, targets, strict=True)
            )
            query = parse(f"SELECT {inner} FROM ({render(query)}) AS _files")
        else:
            relation = _evolved(context, copy, relation, found)
        operation = log.Operation("COPY INTO", {}, tuple(_identity(file) for file in files))
        return changes.append_by_name(context, relation, query, operation)


def _evolved(context: Context, copy: Copy, relation: Relation, found: pa.Schema) -> Relation:
    known = {column.name.lower() for column in relation.columns}
    more = [name for name in found.names if name.lower() not in known]
    if more and not _true(copy.copy_options, "mergeschema"):
        raise SqlError(
            "[COPY_INTO_SCHEMA_MISMATCH_WITH_TARGET_TABLE] A schema mismatch was detected while "
            f"copying into {relation.full_name}: it has no column {', '.join(more)}. Use "
            "COPY_OPTIONS ('mergeSchema' = 'true') to add them."
        )
    return evolution.add_columns(context, relation, found)


@contextmanager
def _staged(
    context: Context, copy: Copy, relation: Relation, source: ReadFiles, files: list[LandedFile]
) -> Iterator[tuple[str, list[str]]]:
    """The files' rows as one file: its name in SQL, and its columns without the metadata."""
    folder = context.storage.scratch()
    try:
        declared = _declared(copy, relation, source, files)
        schema = stage(replace(source, schema=declared), files, folder)
        address = quoted(str(context.engine.address(folder)))
        yield f"parquet.{address}", [name for name in schema.names if name != METADATA]
    finally:
        storage.remove(folder)


def _declared(
    copy: Copy, relation: Relation, source: ReadFiles, files: list[LandedFile]
) -> pa.Schema | None:
    """The schema to read: all text for CSV unless it is inferred, the found one for JSON."""
    if copy.format == "json":
        if source.multi_line:
            raise unsupported("COPY INTO of JSON with multiLine")
        found = pa.unify_schemas(
            [pa.json.read_json(file.path).schema for file in files], promote_options="permissive"
        )
        types = {f.name.lower(): f.type for f in storage.table_schema(relation.location)}
        return pa.schema([pa.field(f.name, types.get(f.name.lower(), f.type)) for f in found])
    if copy.format == "csv" and not _true(copy.format_options, "inferschema"):
        names: list[str] = []
        for file in files:
            _, record = next(iter(_records(source, file)), (1, []))
            first = [f"_c{place}" for place in range(len(record))]
            if source.header:
                first = [name or "" for name in record]
            names += [name for name in first if name not in names]
        return pa.schema([(name, pa.string()) for name in names])
    if copy.format == "csv" and not source.header:
        raise unsupported("COPY INTO of CSV with inferSchema and without a header")
    return None


def _records(source: ReadFiles, file: LandedFile) -> Iterator[delimited.Record]:
    return iter(delimited.read(file.path, source.delimiter, '"', source.escape))
