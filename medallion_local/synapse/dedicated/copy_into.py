"""COPY INTO: load the Parquet files of folders in the lake into a table with the same columns."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from medallion_local.synapse.dedicated.pool import Pool, engine_name
from medallion_local.synapse.dedicated.statements import CopyInto, refused
from medallion_local.synapse.errors import TSqlError
from medallion_local.tsql import types
from medallion_local.tsql.scope import quoted
from medallion_local.tsql.types import TEXT, Type

# The length in UTF-16 code units, as nvarchar counts: a character above U+FFFF has two.
UNITS = "length({0}) + length(regexp_replace({0}, '[^\\x{{10000}}-\\x{{10FFFF}}]', '', 'g'))"
LOADS = {
    "bigint": pa.types.is_int64,
    "int": pa.types.is_int32,
    "smallint": pa.types.is_int16,
    "bit": pa.types.is_boolean,
    "float": pa.types.is_float64,
    "real": pa.types.is_float32,
    "date": pa.types.is_date32,
    "datetime2": pa.types.is_timestamp,
    "nvarchar": pa.types.is_string,
    "varchar": pa.types.is_string,
}


def copy_into(pool: Pool, statement: CopyInto) -> int:
    """Append all rows of the files in one transaction, and return their number.

    Files and table must have the same names, order and types. By its documentation the service
    matches columns by order and converts some types. A text that is too long for its column fails.
    """
    pool.require_table(statement.name)
    kinds = pool.kinds(statement.name)
    wanted = statement.columns or tuple(kinds)
    for name in wanted:
        if name not in kinds:
            raise TSqlError(f"The table {statement.name} has no column '{name}'.", 207)
    files = [file for folder in statement.folders for file in _files(pool.lake, folder)]
    for file in files:
        _require_fit(file, wanted, kinds, statement)
    listed = ", ".join(map(_literal, files))
    source = f"read_parquet([{listed}], hive_partitioning = false)"
    for name in wanted:
        _require_length(pool, source, name, kinds[name], statement)
    columns = ", ".join(map(quoted, wanted))
    values = ", ".join(_value(name, kinds[name]) for name in wanted)
    done = pool.rows(
        f"insert into {engine_name(statement.name)} ({columns}) select {values} from {source}"
    )
    return int(done[0][0])


def _literal(file: Path) -> str:
    """The file's path for DuckDB, in which `*` is a wildcard and `[*]` is an asterisk."""
    return "'{}'".format(str(file).replace("*", "[*]").replace("'", "''"))


def _files(lake: Path, url: str) -> Iterator[Path]:
    """The files under a folder; names that begin with `_` or `.` are not data."""
    parts = urlsplit(url)
    if parts.scheme != "https" or not (parts.hostname or "").endswith(".dfs.core.windows.net"):
        raise TSqlError(f"'{url}' is not https://ACCOUNT.dfs.core.windows.net/CONTAINER/FOLDER/.")
    if "*" in url:
        raise refused(f"The wildcard in '{url}'")
    root = (lake / parts.path.strip("/")).resolve()
    if not root.is_relative_to(lake.resolve()):
        raise TSqlError(f"'{url}' is outside of the lake.")
    found = [
        file
        for file in sorted(root.rglob("*"))
        if file.is_file() and not any(one[0] in "_." for one in file.relative_to(root).parts)
    ]
    if not found:
        raise TSqlError(f"There are no files under '{url}'.", 13807)
    yield from found


def _require_fit(
    file: Path, wanted: Sequence[str], kinds: dict[str, Type], statement: CopyInto
) -> None:
    try:
        schema = pq.read_schema(file)
    except pa.ArrowInvalid as error:
        raise TSqlError(f"COPY INTO {statement.name}: {file.name} is not Parquet.") from error
    if schema.names != list(wanted):
        raise TSqlError(
            f"COPY INTO {statement.name}: {file.name} has the columns {', '.join(schema.names)}, "
            f"not {', '.join(wanted)}: export and load with the same version of the contract."
        )
    for field in schema:
        if not _loads(field.type, kinds[field.name]):
            raise TSqlError(
                f"COPY INTO {statement.name}: column '{field.name}' is {field.type} in {file.name} "
                f"and {kinds[field.name].name} in the table: export it with the contract's type."
            )


def _loads(found: pa.DataType, kind: Type) -> bool:
    if kind.name == "decimal":
        return pa.types.is_decimal(found) and (found.precision, found.scale) == (
            kind.precision,
            kind.scale,
        )
    return kind.name in LOADS and bool(LOADS[kind.name](found))


def _require_length(pool: Pool, source: str, name: str, kind: Type, statement: CopyInto) -> None:
    if kind.name not in TEXT or kind.length == types.MAX:
        return
    measure = f"strlen({quoted(name)})" if kind.name == "varchar" else UNITS.format(quoted(name))
    longest = pool.rows(f"select max({measure}) from {source}")[0][0]
    if longest is not None and longest > kind.length:
        raise TSqlError(
            f"COPY INTO {statement.name}: a value of '{name}' has {longest} characters, the column "
            f"{kind.length}: raise meta.max_length in the contract.",
            8152,
        )


def _value(name: str, kind: Type) -> str:
    """A column of the files in the table's type; times are in UTC."""
    if kind.name == "datetime2":
        return f"cast({quoted(name)} as timestamp) as {quoted(name)}"
    return quoted(name)
