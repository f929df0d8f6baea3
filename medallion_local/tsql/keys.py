"""How T-SQL compares and sorts values, as terms of DuckDB's GROUP BY, joins and ORDER BY."""

from medallion_local.tsql.types import TEXT
from medallion_local.tsql.values import Value

# Positions in a GUID's text, in the order in which SQL Server compares them.
_GUID_BYTES = (
    *((25, 36), (20, 23)),
    *((17, 18), (15, 16)),
    *((12, 13), (10, 11)),
    *((7, 8), (5, 6), (3, 4), (1, 2)),
)


def equality_key(value: Value) -> str:
    """An expression for grouping and joins: equal for values that T-SQL considers equal."""
    if value.type.name in TEXT:
        return f"ts_fold({value.sql})"
    if value.type.name == "datetimeoffset":
        return f"({value.sql}).utc"
    if value.type.name == "varbinary":
        return f"regexp_replace(hex({value.sql}), '(00)+$', '')"
    return value.sql


def order_key(value: Value) -> str:
    """An expression that sorts as T-SQL sorts the value."""
    if value.type.name in TEXT:
        return f"ts_order({value.sql})"
    if value.type.name == "uniqueidentifier":
        return _guid_key(value.sql)
    return equality_key(value)


def _guid_key(sql: str) -> str:
    """A GUID as text that sorts as SQL Server sorts it: the last group first, each byte by byte.

    The bytes of the first three groups are stored in reverse. Source:
    https://learn.microsoft.com/sql/connect/ado-net/sql/compare-guid-uniqueidentifier-values
    """
    text = f"CAST({sql} AS VARCHAR)"
    parts = (f"{text}[{first} : {last}]" for first, last in _GUID_BYTES)
    return f"({' || '.join(parts)})"


def directed(value: Value, descending: bool) -> str:
    """A term of ORDER BY. NULL is the lowest value."""
    way = "DESC NULLS LAST" if descending else "ASC NULLS FIRST"
    return f"{order_key(value)} {way}"
