"""Lateral column aliases: `SELECT a + 1 AS b, b * 2 AS c`.

A column of the sources has precedence over an alias of the select list.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-name-resolution.html
"""

from collections.abc import Callable

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import unsupported
from medallion_local.databricks_sql.queries.source import Schema, columns_read

_RANDOM = {"rand", "randn", "random", "uuid", "monotonically_increasing_id", "shuffle"}


Names = Callable[[exp.Select], set[str] | None]


def expand_aliases(select: exp.Select, schema: Schema, names: Names) -> None:
    """Replace the references to earlier aliases by their expressions.

    `names` are those of the columns that a SELECT reads, if the catalog knows them; else `schema`
    plans the sources.
    """
    aliases: dict[str, exp.Expression] = {}
    columns: set[str] | None = None
    for item in select.expressions:
        for reference in _references(item, aliases) if aliases else []:
            if columns is None:
                columns = _of_sources(select, schema, names)
            if reference.name.lower() not in columns:
                meant = aliases[reference.name.lower()]
                _refuse_random(meant, select)
                reference.replace(exp.Paren(this=meant.copy()))
        if isinstance(item, exp.Alias):
            aliases.setdefault(item.alias.lower(), item.this)


def _references(item: exp.Expression, aliases: dict[str, exp.Expression]) -> list[exp.Column]:
    """The unqualified columns of an item, outside its subqueries, that have an alias's name."""
    found: list[exp.Column] = []
    for node in item.walk(prune=lambda n: isinstance(n, exp.Query)):
        if isinstance(node, exp.Column) and not node.table:
            meant = aliases.get(node.name.lower())
            if meant is not None and meant != node:
                found.append(node)
    return found


def _of_sources(select: exp.Select, schema: Schema, names: Names) -> set[str]:
    if select.args.get("from_") is None:
        return set()
    known = names(select)
    if known is not None:
        return known
    return {name.lower() for name in columns_read(select, schema).names}


def _refuse_random(meant: exp.Expression, select: exp.Select) -> None:
    for call in meant.find_all(exp.Func):
        if call.name.lower() in _RANDOM or isinstance(call, exp.Rand | exp.Uuid):
            raise unsupported(
                f"{render(select)}: an alias of {render(call)} in the same select list; "
                "`medallion up --engine spark` supports it"
            )
