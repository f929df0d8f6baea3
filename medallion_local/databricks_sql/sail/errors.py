"""Sail's error messages, translated to Databricks' conditions.

A message without a row in `messages` is reported if it reads as a sentence. Rust's own text goes
to the log.
"""

import logging
import re
from collections.abc import Callable
from difflib import get_close_matches

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.language.errors import SqlError, named, plain
from medallion_local.databricks_sql.sail.messages import ROWS
from medallion_local.databricks_sql.sail.refusal import refused

log = logging.getLogger(__name__)

_TYPES = {
    "Boolean": "BOOLEAN", "Int8": "TINYINT", "Int16": "SMALLINT", "Int32": "INT",
    "Int64": "BIGINT", "UInt8": "SMALLINT", "UInt16": "INT", "UInt32": "BIGINT",
    "UInt64": "BIGINT", "Float32": "FLOAT", "Float64": "DOUBLE", "Utf8": "STRING",
    "LargeUtf8": "STRING", "Utf8View": "STRING", "Binary": "BINARY", "Date32": "DATE",
    "Null": "VOID",
}  # fmt: skip
_COMMON_AGGREGATES = {"count", "sum", "min", "max", "avg"}
_GROUP_BY_AGGREGATE = "[GROUP_BY_AGGREGATE] Aggregate functions are not allowed in GROUP BY."
_WINDOW_ONLY = {
    "cume_dist", "dense_rank", "lag", "lead", "nth_value", "ntile", "percent_rank", "rank",
    "row_number",
}  # fmt: skip

_PATTERNS = [(re.compile(pattern, re.DOTALL), text) for pattern, text in ROWS]
_ATTRIBUTE = re.compile(r"ObjectName\(\[(.*?)\]\)")
_UPDATED = re.compile(r"Cannot resolve UPDATE target column `(.+)`")
_UNGROUPED = re.compile(r'No field named .*"#\d+"')
_AGGREGATED = re.compile(r"does not support logical expression AggregateFunction", re.DOTALL)
_PART = re.compile(r'Identifier\("(.*?)"\)')


def translated(message: str, sql: str, columns: Callable[[str], list[str]]) -> SqlError:
    """Sail's `message` about `sql` as Databricks' error. `columns` gives those of a folder."""
    if "Python worker" in message and (own := named(message)):
        return SqlError(own)
    if found := _UPDATED.search(message):
        return _unresolved([found[1]], sql, columns)
    if found := _ATTRIBUTE.search(message):
        parts = _PART.findall(found[1])
        if message.startswith("ambiguous"):
            shown = ".".join(f"`{part}`" for part in parts)
            return SqlError(f"[AMBIGUOUS_REFERENCE] Reference {shown} is ambiguous.")
        return _unresolved(parts, sql, columns)
    if found := re.match(r"function: (\w+)$", message.splitlines()[0] if message else ""):
        return refused(f"The function `{found[1]}`", "Sail lacks it")
    if found := re.search(r"unknown function: (\S+)", message):
        return _unknown_function(found[1])
    if _UNGROUPED.search(message):
        return _not_grouped(sql)
    if _AGGREGATED.search(message):
        return _misplaced_aggregate(sql)
    for pattern, text in _PATTERNS:
        if found := pattern.search(message):
            given = {name: type_of(value) for name, value in found.groupdict().items()}
            groups = found.groups()
            if "{type}" in text:
                given["type"] = type_of(groups[1])
            if "{message}" in text:
                given["message"] = plain(message)
            return SqlError(text.format(*groups, **given))
    if "raise_error" in sql.lower():
        return SqlError(f"[USER_RAISED_EXCEPTION] {message}")
    if message.startswith("["):
        return SqlError(message)
    log.error("the embedded engine failed: %s", message)
    return SqlError(f"[INTERNAL_ERROR] The embedded engine failed: {plain(message)}")


def type_of(arrow: str) -> str:
    """Databricks' name of a type that DataFusion prints."""
    arrow = arrow.strip().removeprefix("non-null ")
    if inner := re.fullmatch(r"(?:Large)?List\((.+)\)", arrow, re.DOTALL):
        return f"ARRAY<{type_of(inner[1].partition(', field')[0])}>"
    if inner := re.fullmatch(r"Decimal\d+\((\d+), (-?\d+)\)", arrow):
        return f"DECIMAL({inner[1]},{inner[2]})"
    name = arrow.partition("(")[0]
    if name == "Timestamp":
        return "TIMESTAMP_NTZ" if "None" in arrow or "," not in arrow else "TIMESTAMP"
    return _TYPES.get(name, name.upper())


def _unresolved(parts: list[str], sql: str, columns: Callable[[str], list[str]]) -> SqlError:
    name = ".".join(f"`{part}`" for part in parts)
    sentence = f"A column, variable, or function parameter with name {name} cannot be resolved."
    known = [column for column in _columns_of(sql, columns) if column != parts[-1]]
    if not known:
        return SqlError(f"[UNRESOLVED_COLUMN.WITHOUT_SUGGESTION] {sentence}")
    nearest = get_close_matches(parts[-1], known, n=5, cutoff=0)
    proposal = ", ".join(f"`{column}`" for column in nearest)
    return SqlError(
        f"[UNRESOLVED_COLUMN.WITH_SUGGESTION] {sentence} "
        f"Did you mean one of the following? [{proposal}]."
    )


def _columns_of(sql: str, columns: Callable[[str], list[str]]) -> list[str]:
    """The names of the columns of the folders and of the columns that subqueries name."""
    try:
        tree = parse(sql)
    except SqlError:
        return []
    found: dict[str, None] = {}
    for table in tree.find_all(exp.Table):
        if table.db in ("delta", "parquet"):
            found |= dict.fromkeys(columns(f"{table.db}.`{table.name}`"))
    for inner in tree.find_all(exp.Subquery, exp.CTE):
        if isinstance(inner.this, exp.Query):
            found |= dict.fromkeys(name for name in inner.this.named_selects if name != "*")
    for alias in tree.find_all(exp.TableAlias):
        found |= dict.fromkeys(column.name for column in alias.columns)
    return list(found)


def _unknown_function(name: str) -> SqlError:
    if name.lower() in _WINDOW_ONLY:
        return SqlError(
            f"[WINDOW_FUNCTION_WITHOUT_OVER_CLAUSE] Window function `{name}` requires an OVER "
            "clause."
        )
    from pyspark.sql import functions

    if hasattr(functions, name.lower()):
        return SqlError(
            f"[UNSUPPORTED_FEATURE] The embedded engine has no function `{name}`; "
            "`medallion up --engine spark` supports it."
        )
    return SqlError(
        f"[UNRESOLVED_ROUTINE] Cannot resolve routine `{name}` on search path "
        "[`system`.`builtin`, `system`.`session`]."
    )


def _not_grouped(sql: str) -> SqlError:
    """The error of a select list or GROUP BY with a column outside the groups."""
    selects = _selects(sql)
    groups = _groups(selects)
    if _aggregates(groups):
        return SqlError(_GROUP_BY_AGGREGATE)
    if not groups:
        return SqlError(
            "[MISSING_GROUP_BY] The query does not include a GROUP BY clause. Add GROUP BY or turn "
            "it into the window functions using OVER clauses."
        )
    grouped = {column.name.lower() for group in groups for column in group.find_all(exp.Column)}
    outside = [
        column.name
        for select in selects
        for item in select.expressions
        if isinstance(column := item.unalias(), exp.Column) and column.name.lower() not in grouped
    ]
    shown = f'"{outside[0]}" is' if outside else "of the select list is"
    return SqlError(
        f"[MISSING_AGGREGATION] The non-aggregating expression {shown} based on columns which are "
        "not participating in the GROUP BY clause. Add the columns or the expression to the GROUP "
        "BY, aggregate the expression, or use `any_value` if you do not care which of the values "
        "within a group is returned."
    )


def _misplaced_aggregate(sql: str) -> SqlError:
    if _aggregates(_groups(_selects(sql))):
        return SqlError(_GROUP_BY_AGGREGATE)
    return SqlError(
        "[INVALID_WHERE_CONDITION] The WHERE condition contains an aggregate function: use HAVING, "
        "or a sub-query."
    )


def _selects(sql: str) -> list[exp.Select]:
    try:
        return list(parse(sql).find_all(exp.Select))
    except SqlError:
        return []


def _groups(selects: list[exp.Select]) -> list[exp.Group]:
    return [select.args["group"] for select in selects if select.args.get("group")]


def _aggregates(groups: list[exp.Group]) -> bool:
    calls = (call for group in groups for call in group.find_all(exp.Func))
    return any(call.name.lower() in _COMMON_AGGREGATES for call in calls)
