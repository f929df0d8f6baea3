"""Every table that dbt builds, with its types and rows, and the differences between two engines."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from support.published_tables import connected

SCHEMAS = ("silver", "gold", "quarantine", "snapshots")
_TABLES = """
select table_schema || '.' || table_name from information_schema.tables
where table_schema in ({}) and table_type not in ('VIEW', 'METRIC_VIEW') order by 1
"""


@dataclass(frozen=True)
class Content:
    """A table: its columns as (name, Databricks type), and how often each row occurs."""

    columns: list[tuple[str, str]]
    rows: Counter


@dataclass(frozen=True)
class Comparison:
    """One table on both engines."""

    table: str
    rows: int
    differences: list[str]


def read_tables(profiles: Path) -> dict[str, Content]:
    """All tables of the schemas, as a client of the warehouse reads them."""
    found = {}
    with connected(profiles) as connection, connection.cursor() as cursor:
        cursor.execute(_TABLES.format(", ".join(f"'{schema}'" for schema in SCHEMAS)))
        for (table,) in cursor.fetchall():
            cursor.execute(f"describe table {table}")
            columns = [(row[0], row[1]) for row in cursor.fetchall()]
            # DESCRIBE lists the partition columns again, under a heading that begins with `#`.
            end = next((i for i, (name, _) in enumerate(columns) if name.startswith("#")), None)
            cursor.execute(f"select * from {table}")
            rows = cursor.fetchall_arrow()
            lines = zip(*(column.to_pylist() for column in rows.columns), strict=True)
            found[table] = Content(columns[:end], Counter(map(repr, lines)))
    return found


def compare(
    one: dict[str, Content], other: dict[str, Content], names: tuple[str, str], shown: int = 3
) -> list[Comparison]:
    """Compare the tables of two engines, which `names` names, column by column and row by row."""
    return [
        Comparison(
            table,
            sum(one[table].rows.values()) if table in one else 0,
            _differences(one.get(table), other.get(table), names, shown),
        )
        for table in sorted({*one, *other})
    ]


def _differences(
    one: Content | None, other: Content | None, names: tuple[str, str], shown: int
) -> list[str]:
    if one is None or other is None:
        return [f"only on {names[0] if other is None else names[1]}"]
    if one.columns != other.columns:
        return [
            f"only on {name}: column {column} {kind}"
            for name, here, there in ((names[0], one, other), (names[1], other, one))
            for column, kind in here.columns
            if (column, kind) not in there.columns
        ] or ["the columns have another order"]
    found = []
    for name, only in ((names[0], one.rows - other.rows), (names[1], other.rows - one.rows)):
        if only:
            found += [f"{only.total()} rows only on {name}"]
            found += [f"  {row}" for row in sorted(only.elements())[:shown]]
    return found
