"""Columns of JOIN … USING by a table's name.

Sail has only the joined column, without a qualifier. For an inner join it equals the columns of
both tables, for a left join the left table's.
"""

from sqlglot import exp


def joined_names(select: exp.Select) -> set[str]:
    """The columns of the USING clauses of a SELECT."""
    return {
        name.name.lower()
        for join in select.args.get("joins") or []
        for name in join.args.get("using") or []
    }


def unqualify(select: exp.Select) -> None:
    """Remove the qualifier of each column that has the value of the joined column."""
    names = joined_names(select)
    if not names:
        return
    kinds = {join.side for join in select.args["joins"]}
    if kinds & {"RIGHT", "FULL"}:
        return
    same = {table.alias_or_name.lower() for table in _equal(select, bool(kinds & {"LEFT"}))}
    for key in ("expressions", "where", "group", "having", "order", "qualify"):
        value = select.args.get(key)
        for part in value if isinstance(value, list) else [value] if value else []:
            for node in list(part.walk(prune=lambda n: isinstance(n, exp.Query))):
                if (
                    isinstance(node, exp.Column)
                    and node.name.lower() in names
                    and node.table.lower() in same
                ):
                    node.set("table", None)


def _equal(select: exp.Select, outer: bool) -> list[exp.Expression]:
    """The tables whose column equals the joined one: all of them, or the first of an outer join."""
    first = select.args["from_"].this
    return [first] if outer else [first, *(join.this for join in select.args["joins"])]
