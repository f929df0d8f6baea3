"""A log's columns against the contract: unsupported types, drift, and colliding names.

Source of the types: https://learn.microsoft.com/azure/synapse-analytics/sql/develop-openrowset
(type mapping for Parquet)
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any

from medallion.serving.contract import Table
from medallion_local.synapse.check.finding import Finding
from medallion_local.synapse.check.log import Log

# The type in a Delta log for each type of a contract.
DELTA_NAMES = {"bigint": "long", "int": "integer", "smallint": "short", "tinyint": "byte"}
READABLE = {
    *("string", "long", "integer", "short", "byte", "double", "float"),
    *("boolean", "binary", "date", "timestamp"),
}


def type_name(kind: Any) -> str:
    """A Delta type in one word: `struct`, `array` or `map` for a nested one."""
    return str(kind["type"]) if isinstance(kind, dict) else str(kind)


def unreadable_types(table: str, log: Log) -> Iterator[Finding]:
    """Columns whose type serverless does not support."""
    for field in log.fields:
        kind = type_name(field["type"])
        if kind == "timestamp_ntz":
            fix = "cast it to timestamp, in UTC"
        elif kind in READABLE or kind.startswith("decimal("):
            continue
        else:
            fix = "give the column a plain type, or remove it from the served models"
        yield Finding(table, f"the column {field['name']} is of type {kind}", fix)


def drifted_columns(table: Table, log: Log) -> Iterator[Finding]:
    """Columns of the contract that are missing in the log or have another type there."""
    actual = {field["name"]: type_name(field["type"]) for field in log.fields}
    rebuild = f"`dbt run --full-refresh --select {table.name}` rebuilds it by the contract"
    for column in table.columns:
        wanted = column.kind.replace(" ", "")
        wanted = DELTA_NAMES.get(wanted, wanted)
        if column.name not in actual:
            yield Finding(table.name, f"the column {column.name} is missing", rebuild)
        elif actual[column.name].replace(" ", "") != wanted:
            was = f"the column {column.name} is {actual[column.name]}, not {wanted}"
            yield Finding(table.name, was, rebuild)


def colliding_names(table: str, names: Iterable[str], things: str) -> Iterator[Finding]:
    """Names that a case-insensitive collation cannot tell apart."""
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        alike[name.casefold()].append(name)
    for several in alike.values():
        if len(several) > 1:
            yield Finding(
                table,
                f"the {things} {' and '.join(several)} differ only in case",
                "rename one of them: most collations of SQL Server treat them as equal",
            )
