"""PARTITION clauses of INSERT and TRUNCATE.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-partition.html
"""

from collections.abc import Iterable, Mapping

from sqlglot import exp

from medallion_local.databricks_sql.catalog import Relation
from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import SqlError


def fixed(relation: Relation, clause: exp.Expression | None) -> dict[str, str]:
    """The values that a PARTITION clause gives, as texts by lower-case column name.

    A column without a value is dynamic: the rows give its values. Raises for another column.
    """
    found: dict[str, str] = {}
    names = {name.lower() for name in relation.partitioned_by}
    for item in clause.expressions if clause is not None else []:
        column = item.this if isinstance(item, exp.EQ) else item
        if column.name.lower() not in names:
            raise SqlError(
                "[NON_PARTITION_COLUMN] PARTITION clause cannot contain the non-partition column: "
                f"`{column.name}`."
            )
        if isinstance(item, exp.EQ):
            found[column.name.lower()] = render(item.expression)
    return found


def predicate(relation: Relation, values: dict[str, str], types: dict[str, str]) -> str:
    """The rows of the partitions with these values, in delta-rs's SQL."""
    parts = []
    for name in relation.partitioned_by:
        text = values.get(name.lower())
        if text is None:
            continue
        if text.upper() == "NULL":
            parts.append(f'"{name}" IS NULL')
            continue
        plain = text if text.startswith("'") or types[name] != "string" else f"'{text}'"
        parts.append(f'"{name}" = {_cast(plain, types[name])}')
    return " AND ".join(parts)


def each_of(values: Mapping[str, Iterable[object]], types: Mapping[str, str]) -> str:
    """The rows whose columns each have one of these integers or dates, in delta-rs's SQL."""
    parts = []
    for name, some in values.items():
        texts = ", ".join(_cast(f"'{value}'", types[name]) for value in sorted(some, key=str))
        parts.append(f'"{name}" IN ({texts})')
    return " AND ".join(parts)


def _cast(text: str, kind: str) -> str:
    named = {"string": "VARCHAR", "timestamp": "TIMESTAMP"}.get(kind, kind)
    return f"CAST({text} AS {named.upper()})"
