"""Columns of a USING clause that are qualified by a table, which Sail cannot find.

Sail keeps one column for each name in USING. `q.id` after `p LEFT JOIN q USING (id)` is NULL for a
row without a match, so the table becomes a subquery that has the column a second time.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-join.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import rewrites

_SECOND = "_using_"


@rewrites(exp.Select)
def bridge_using(select: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The SELECT with a second column for each qualified one; None if there is none."""
    joins = [join for join in select.args.get("joins") or [] if join.args.get("using")]
    source = select.args.get("from_")
    if not joins or source is None:
        return None
    shared = {name.name.lower() for join in joins for name in join.args["using"]}
    sides = [source.this, *(join.this for join in select.args["joins"])]
    needed: dict[str, set[str]] = {}
    for column in list(select.find_all(exp.Column)):
        if column.table and column.name.lower() in shared and not _is_in_using(column):
            needed.setdefault(column.table.lower(), set()).add(column.name.lower())
    if len(joins) == 1 and not (joins[0].side or "") and not (joins[0].kind or ""):
        needed.pop(source.this.alias_or_name.lower(), None)
    if len(joins) == 1 and joins[0].side == "LEFT":
        needed.pop(source.this.alias_or_name.lower(), None)
    changed = False
    for side in sides:
        alias = side.alias_or_name.lower()
        names = needed.get(alias)
        if not names or not isinstance(side, exp.Table | exp.Subquery):
            continue
        if any(item.is_star for item in select.expressions):
            raise refused(f"a column of USING that is qualified by {alias}, together with *")
        _double(select, side, sorted(names))
        changed = True
    return select if changed else None


def _is_in_using(column: exp.Column) -> bool:
    return isinstance(column.parent, exp.Join) and column.arg_key == "using"


def _double(select: exp.Expression, side: exp.Expression, names: list[str]) -> None:
    """Replace a table by a subquery with second columns, to which the qualified names refer."""
    alias = side.alias_or_name
    for column in list(select.find_all(exp.Column)):
        if column.table.lower() == alias.lower() and column.name.lower() in names:
            if isinstance(column.parent, exp.Select) and column.arg_key == "expressions":
                shown = exp.Alias(this=column.copy(), alias=column.this.copy())
                column.replace(shown)
                column = shown.this
            column.set("this", exp.to_identifier(_SECOND + column.name.lower()))
    more = [
        exp.Alias(this=exp.column(name), alias=exp.to_identifier(_SECOND + name)) for name in names
    ]
    inner = exp.select("*", *more).from_(side.copy())
    named = exp.TableAlias(this=exp.to_identifier(alias, quoted=True))
    side.replace(exp.Subquery(this=inner, alias=named))
