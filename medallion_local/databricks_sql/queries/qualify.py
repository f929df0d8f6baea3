"""QUALIFY, which neither engine has, as a filter over a subquery.

`SELECT a, b FROM t QUALIFY c` is `SELECT a, b FROM (SELECT a, b, c AS _qualify FROM t) WHERE
_qualify`. ORDER BY, LIMIT and DISTINCT come after QUALIFY, so they move to the outer query.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-qualify.html
"""

from sqlglot import exp

_CONDITION, _ORDER, _SOURCE = "_qualify", "_order", "_qualified"
_AFTERWARDS = ("distinct", "order", "limit", "offset")


def rewrite_qualify(select: exp.Select) -> None:
    """Replace `select`, which has a QUALIFY, in its tree."""
    condition = select.args["qualify"].this
    select.set("qualify", None)
    aliases = {item.alias.lower(): item.this for item in select.expressions if item.alias}
    outputs = [item.alias_or_name for item in select.expressions]
    known = (
        all(outputs) and "*" not in outputs and len({o.lower() for o in outputs}) == len(outputs)
    )
    added = [exp.alias_(expanded(condition, aliases), _CONDITION)]
    outer = exp.Select()
    for clause in _AFTERWARDS:
        if select.args.get(clause) is not None:
            outer.set(clause, select.args[clause].pop())
    if outer.args.get("order") is not None and not outer.args.get("distinct"):
        names = {name.lower() for name in outputs} if known else None
        for item in outer.args["order"].expressions:
            _lift(item, names, aliases, added)
    select.set("expressions", [*select.expressions, *added])
    if known:
        outer.set("expressions", [exp.column(exp.to_identifier(name, True)) for name in outputs])
    else:
        hidden = [exp.column(item.alias) for item in added]
        outer.set("expressions", [exp.Star(except_=hidden)])
    outer.set("where", exp.Where(this=exp.column(_CONDITION)))
    select.replace(outer)
    source = exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier(_SOURCE)))
    outer.set("from_", exp.From(this=source))


def expanded(expression: exp.Expression, aliases: dict[str, exp.Expression]) -> exp.Expression:
    """A copy of `expression` in which aliases of the select list are their expressions."""
    holder = exp.Paren(this=expression.copy())
    for column in list(holder.find_all(exp.Column)):
        meant = aliases.get(column.name.lower()) if not column.table else None
        if meant is not None and column.find_ancestor(exp.Query) is None:
            column.replace(exp.Paren(this=meant.copy()))
    return holder


def _lift(
    item: exp.Expression,
    outputs: set[str] | None,
    aliases: dict[str, exp.Expression],
    added: list[exp.Expression],
) -> None:
    """Let an item of ORDER BY read the subquery: an output of it, or one more column."""
    ordered = item.this if isinstance(item, exp.Ordered) else item
    if isinstance(ordered, exp.Literal):
        return
    if isinstance(ordered, exp.Column) and (outputs is None or ordered.name.lower() in outputs):
        ordered.set("table", None)
        return
    name = f"{_ORDER}_{len(added)}"
    ordered.replace(exp.column(name))
    added.append(exp.alias_(expanded(ordered, aliases), name))
