"""INSERT of many literal rows, as `dbt seed` sends them: read once, and not parsed as expressions.

A tree of 10,000 rows costs seconds, in which the engine does nothing. So the rows of VALUES become
a file, and the statement an INSERT of its rows. Their types are those of an inline table:
https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-values.html
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq

from medallion_local.databricks_sql.language.dialect import quoted
from medallion_local.databricks_sql.language.errors import LEADING_COMMENTS
from medallion_local.databricks_sql.storage import Storage

_SHORT = 20_000  # characters; below it, parsing is not worth a file
_NAME = r"(?:`[^`]+`|\w+)"
_HEAD = re.compile(
    rf"{LEADING_COMMENTS}INSERT\s+(?:INTO|OVERWRITE)\s+(?:TABLE\s+)?"
    rf"{_NAME}(?:\s*\.\s*{_NAME})*\s*(?:\(\s*{_NAME}(?:\s*,\s*{_NAME})*\s*\)\s*)?(?=VALUES\b)",
    re.IGNORECASE | re.DOTALL,
)
# A text with another escape than `\'` and `\\`, or with a doubled quote, is left to the parser.
_VALUE = re.compile(
    r"\s*(?:'(?P<text>(?:[^'\\]|\\['\\])*)'|(?P<null>NULL)|(?P<bool>TRUE|FALSE)"
    r"|(?P<double>-?\d+(?:\.\d+)?E[+-]?\d+)|(?P<decimal>-?\d+\.\d+)|(?P<int>-?\d+))\s*(?P<end>[,)])",
    re.IGNORECASE,
)
_KINDS = ("text", "int", "decimal", "null", "double", "bool")
_OPEN = re.compile(r"\s*\(")
_NEXT = re.compile(r"\s*,")
_END = re.compile(r"\s*;?\s*\Z")
_MOST_DIGITS = 38


@contextmanager
def as_file(storage: Storage, sql: str) -> Iterator[str]:
    """The statement, which reads its rows from a file if they are many and all are literals."""
    rows = _rows_of(sql) if len(sql) > _SHORT else None
    if rows is None:
        yield sql
        return
    head, table = rows
    folder = storage.scratch()
    try:
        pq.write_table(table, folder / "rows.parquet")
        yield f"{head} SELECT * FROM parquet.{quoted(str(folder))}"
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _rows_of(sql: str) -> tuple[str, pa.Table] | None:
    """The text before VALUES, and the rows; None unless all values are literals."""
    head = _HEAD.match(sql)
    if head is None:
        return None
    rows: list[list[tuple[str, str]]] = []
    position = head.end() + len("VALUES")
    while True:
        opened = _OPEN.match(sql, position)
        if opened is None:
            return None
        position, row = opened.end(), []
        while True:
            found = _VALUE.match(sql, position)
            if found is None:
                return None
            position = found.end()
            kind = next(k for k in _KINDS if found[k] is not None)
            row.append((kind, found[kind]))
            if found["end"] == ")":
                break
        rows.append(row)
        following = _NEXT.match(sql, position)
        if following is None:
            break
        position = following.end()
    if not _END.match(sql, position) or len({len(row) for row in rows}) != 1:
        return None
    columns = [_column(list(values)) for values in zip(*rows, strict=True)]
    if any(column is None for column in columns):
        return None
    names = [f"col{place}" for place in range(1, len(columns) + 1)]
    return head[0], pa.table(dict(zip(names, columns, strict=True)))


def _column(values: list[tuple[str, str]]) -> pa.Array | None:
    """The values in their common type; None if the parser has to find it."""
    kinds = {kind for kind, _ in values} - {"null"}
    if kinds <= {"text"}:
        return pa.array([_text(v) if kind == "text" else None for kind, v in values], pa.string())
    if kinds == {"bool"}:
        given = [v.lower() == "true" if kind == "bool" else None for kind, v in values]
        return pa.array(given, pa.bool_())
    if not kinds <= {"int", "decimal", "double"}:
        return None
    texts = [None if kind == "null" else v for kind, v in values]
    if "double" in kinds:
        return pa.array([None if v is None else float(v) for v in texts], pa.float64())
    if kinds == {"int"}:
        numbers = [None if v is None else int(v) for v in texts]
        widest = max(abs(v) for v in numbers if v is not None)
        if widest >= 2**63:
            return None
        return pa.array(numbers, pa.int32() if widest < 2**31 else pa.int64())
    return _decimals(values)


def _decimals(values: list[tuple[str, str]]) -> pa.Array | None:
    scale = max(len(v.partition(".")[2]) for kind, v in values if kind == "decimal")
    whole = max(
        len(v.lstrip("-").partition(".")[0].lstrip("0")) for kind, v in values if kind != "null"
    )
    integers = [abs(int(v)) for kind, v in values if kind == "int"]
    if integers:  # an INT is a DECIMAL(10, 0), and a BIGINT a DECIMAL(20, 0)
        whole = max(whole, 10 if max(integers) < 2**31 else 20)
    if whole + scale > _MOST_DIGITS:
        return None
    given = [None if kind == "null" else Decimal(v) for kind, v in values]
    return pa.array(given, pa.decimal128(max(whole + scale, 1), scale))


def _text(raw: str) -> str:
    return re.sub(r"\\(.)", r"\1", raw) if "\\" in raw else raw
