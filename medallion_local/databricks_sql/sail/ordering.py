"""ORDER BY an aggregate that is not selected, which Sail cannot plan.

The grouped query becomes a subquery that also has the order's values, and the outer query sorts.
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.aggregates import has_aggregate
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.names import column_name
from medallion_local.databricks_sql.sail.rules import rewrites

_ROWS = "_grouped"
_OUTER = ("order", "limit", "offset")


@rewrites(exp.Select)
def bridge_order(select: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The replacement of a SELECT that orders by an aggregate; None if it does not."""
    order = select.args.get("order")
    if order is None or select.args.get("distinct") or select.is_star:
        return None
    items = [one for one in order.expressions if isinstance(one, exp.Ordered)]
    if len(items) != len(order.expressions) or not any(has_aggregate(one.this) for one in items):
        return None
    selected = {one.alias_or_name.lower(): one for one in select.expressions if one.alias_or_name}
    inner = select.copy()
    columns, outer = [], []
    for place, item in enumerate(inner.expressions):
        name = exp.to_identifier(f"_s{place}")
        value = item.this if isinstance(item, exp.Alias) else item
        columns.append(exp.Alias(this=value.copy(), alias=name))
        shown = exp.column(name.copy(), _ROWS)
        title = item.alias_or_name or column_name(value)
        outer.append(exp.Alias(this=shown, alias=exp.to_identifier(title, quoted=True)))
    sorts = []
    for place, item in enumerate(items):
        sort, value = item.copy(), item.this
        if isinstance(value, exp.Literal) and value.is_int:
            name = f"_s{int(value.this) - 1}"
        else:
            name = f"_o{place}"
            meant = selected.get(value.name.lower()) if isinstance(value, exp.Column) else None
            if meant is not None and not value.table:
                value = meant.this if isinstance(meant, exp.Alias) else meant
            columns.append(exp.Alias(this=value.copy(), alias=exp.to_identifier(name)))
        sort.set("this", exp.column(name, _ROWS))
        sorts.append(sort)
    inner.set("expressions", columns)
    for name in (*_OUTER, "with_"):
        inner.set(name, None)
    made = exp.select(*outer).from_(
        exp.Subquery(this=inner, alias=exp.TableAlias(this=exp.to_identifier(_ROWS)))
    )
    made.set("order", exp.Order(expressions=sorts))
    for name in ("limit", "offset", "with_"):
        if select.args.get(name) is not None:
            made.set(name, select.args[name].copy())
    return made
