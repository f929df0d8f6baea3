"""`FOR JSON PATH` at the end of a query: its rows as one JSON text.

Source: https://learn.microsoft.com/sql/relational-databases/json/format-query-results-as-json-with-for-json-sql-server
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlglot import exp

from medallion.errors import MedallionError

COLUMN = "JSON_F52E2B61-18A1-11d1-B105-00805F49916B"  # SQL Server's name of the one column
_OPTIONS = {"PATH", "INCLUDE_NULL_VALUES"}


@dataclass(frozen=True)
class Form:
    """The clause's option: whether a NULL is a property with the value null, or no property."""

    with_nulls: bool


def taken_from(tree: exp.Query) -> Form | None:
    """Remove the clause from a query and return it; None without one.

    Raises `MedallionError` for an option or a nested property that the emulator does not support.
    """
    clause = tree.args.get("for_")
    if clause is None:
        return None
    options = {one.name.upper() for one in clause.expressions}
    nested = [one.alias for one in tree.selects if "." in one.alias_or_name]
    if clause.args.get("kind") != "JSON" or "PATH" not in options or options - _OPTIONS or nested:
        raise MedallionError(
            "The Azure SQL emulator supports FOR JSON PATH with INCLUDE_NULL_VALUES and without "
            "nested properties, and no other FOR clause."
        )
    tree.set("for_", None)
    return Form("INCLUDE_NULL_VALUES" in options)


def rendered(reader: pa.RecordBatchReader, form: Form) -> pa.RecordBatchReader:
    """The rows as one text; as in SQL Server, there is no row if the query has none."""
    with reader:
        found = [_object(row, form) for batch in reader for row in batch.to_pylist()]
    text = pa.schema([(COLUMN, pa.string())])

    def batches() -> Iterator[pa.RecordBatch]:
        if found:
            yield pa.RecordBatch.from_pylist(
                [{COLUMN: json.dumps(found, ensure_ascii=False, default=str)}], schema=text
            )

    return pa.RecordBatchReader.from_batches(text, batches())


def _object(row: dict[str, Any], form: Form) -> dict[str, Any]:
    return {name: value for name, value in row.items() if form.with_nulls or value is not None}
