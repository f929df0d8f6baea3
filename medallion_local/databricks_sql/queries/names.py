"""Replace names that are no columns: session variables, and the parameters of functions.

A column of a query around the name has precedence, and so has an alias of its select list.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-name-resolution.html
"""

from collections.abc import Callable, Mapping

from sqlglot import exp

from medallion_local.databricks_sql.queries.source import Schema, columns_read

# Marks an alias that only keeps the name of a replaced column of a result.
ADDED = "added_alias"
Replacement = Callable[[exp.Column], exp.Expression]


def substitute(
    tree: exp.Expression, names: Mapping[str, Replacement], qualifier: str, schema: Schema
) -> None:
    """Replace the columns below `tree` that mean one of `names`, alone or as `qualifier.name`."""
    known: dict[int, set[str]] = {}
    for column in reversed(list(tree.find_all(exp.Column))):
        replacement = names.get(column.name.lower())
        if replacement is None:
            continue
        if column.table:
            if column.table.lower() != qualifier:
                continue
        elif _is_column(column, schema, known):
            continue
        column.replace(replacement(column))


def _is_column(column: exp.Column, schema: Schema, known: dict[int, set[str]]) -> bool:
    """Whether a query around the name has a column or an alias of that name."""
    name = column.name.lower()
    child: exp.Expression = column
    node = column.parent
    visible = True
    while node is not None:
        if isinstance(node, exp.Join):
            visible = child.arg_key != "this" or isinstance(child, exp.Lateral)
        elif isinstance(node, exp.From | exp.With):
            visible = False
        elif isinstance(node, exp.Select):
            if visible and name in _columns(node, schema, known):
                return True
            visible = True
        elif isinstance(node, exp.Update | exp.Delete | exp.Merge):
            return name in _columns(_target(node), schema, known)
        child, node = node, node.parent
    return False


def _columns(select: exp.Select, schema: Schema, known: dict[int, set[str]]) -> set[str]:
    found = known.get(id(select))
    if found is None:
        found = {
            item.alias.lower()
            for item in select.expressions
            if isinstance(item, exp.Alias) and not item.meta.get(ADDED)
        }
        if select.args.get("from_") is not None:
            found |= {name.lower() for name in columns_read(select, schema).names}
        known[id(select)] = found
    return found


def _target(statement: exp.Expression) -> exp.Select:
    """The tables of a DML statement as the sources of a SELECT."""
    found = exp.Select(from_=exp.From(this=statement.this.copy()))
    using = statement.args.get("using")
    if isinstance(using, exp.Expression):
        found.set("joins", [exp.Join(this=using.copy(), kind="CROSS")])
    return found
