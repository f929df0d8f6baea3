"""How T-SQL compares and sorts values, as terms of DuckDB's GROUP BY, joins and ORDER BY."""

from medallion_local.tsql.errors import unsupported
from medallion_local.tsql.types import TEXT
from medallion_local.tsql.values import Value


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
        raise unsupported("The order of uniqueidentifiers")
    return equality_key(value)


def directed(value: Value, descending: bool) -> str:
    """A term of ORDER BY. NULL is the lowest value."""
    way = "DESC NULLS LAST" if descending else "ASC NULLS FIRST"
    return f"{order_key(value)} {way}"
