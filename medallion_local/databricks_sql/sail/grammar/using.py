"""Columns of JOIN … USING by a table's name.

Sail has only the joined column, without a qualifier. For an inner join it equals the columns of
both tables, for a left join the left table's.
"""

from sqlglot import exp

from medallion_local.databricks_sql.queries.source import Schema, columns_read


def use_common_columns(select: exp.Select, schema: Schema) -> None:
    """Replace NATURAL JOIN by JOIN … USING the columns that both sides have."""
    joins = select.args.get("joins") or []
    for place, join in enumerate(joins):
        if (join.args.get("method") or "").upper() != "NATURAL":
            continue
        left = exp.Select(
            from_=select.args["from_"].copy(), joins=[j.copy() for j in joins[:place]]
        )
        right = exp.Select(from_=exp.From(this=join.this.copy()))
        left.parent = right.parent = select
        there = {name.lower() for name in columns_read(right, schema).names}
        common = [name for name in columns_read(left, schema).names if name.lower() in there]
        join.set("method", None)
        if common:
            join.set("using", [exp.to_identifier(name, True) for name in common])
        elif not join.side:
            join.set("kind", "CROSS")
        else:
            join.set("on", exp.true())


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
