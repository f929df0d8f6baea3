"""Queries of measures with a window: they read only the first or last rows of each group.

Source: https://docs.databricks.com/metric-views/data-modeling/window-measures.html
"""

from collections.abc import Collection

from sqlglot import exp

from medallion_local.databricks_sql.language.aggregates import has_aggregate
from medallion_local.databricks_sql.language.dialect import parse, render
from medallion_local.databricks_sql.language.errors import unsupported
from medallion_local.databricks_sql.queries.measures import Window, is_measure


def group_keys(select: exp.Select, dimensions: Collection[str]) -> list[exp.Expression]:
    """The expressions by which a query groups the rows of a metric view with these dimensions."""
    group = select.args.get("group")
    if group is None:
        return []
    if group.find(exp.Cube, exp.Rollup, exp.GroupingSets) is not None:
        raise unsupported("GROUPING SETS with a measure that has a window")
    items = [item.unalias() for item in select.expressions]
    if group.args.get("all"):
        return [
            item
            for item in items
            if not any(map(is_measure, item.find_all(exp.Anonymous)))
            and not has_aggregate(item)
            and item.find(exp.Column) is not None
        ]
    named = {item.alias.lower(): item.unalias() for item in select.expressions if item.alias}
    # A name is a column if there is one, and an alias otherwise.
    columns = {each.lower() for each in dimensions}
    aliases = {name: item for name, item in named.items() if name not in columns}
    return [_key(one, items, aliases) for one in group.expressions]


def _key(
    one: exp.Expression, items: list[exp.Expression], aliases: dict[str, exp.Expression]
) -> exp.Expression:
    if isinstance(one, exp.Literal) and one.is_int and 0 < int(one.name) <= len(items):
        return items[int(one.name) - 1]
    if isinstance(one, exp.Column) and not one.table:
        return aliases.get(one.name.lower(), one)
    return one


def is_key(dimension: str, keys: list[exp.Expression]) -> bool:
    """Whether a query groups by the values of a dimension."""
    names = (key.name.lower() for key in keys if isinstance(key, exp.Column))
    return dimension.lower() in names


def flag_rows(select: exp.Select, windows: Collection[Window], keys: list[exp.Expression]) -> None:
    """Add the windows' columns to the rows that a query reads, after its WHERE."""
    source = select.args["from_"].this
    rendered = [render(key) for key in keys]
    columns = ", ".join(window.flagged(rendered) for window in windows)
    flagged = parse(f"SELECT *, {columns} FROM _rows")
    alias = source.args["alias"].copy()
    select.args["from_"].set("this", exp.Subquery(this=flagged, alias=alias))
    flagged.args["from_"].set("this", source)
    where = select.args.get("where")
    if where is not None:
        select.set("where", None)
        flagged.set("where", where)
