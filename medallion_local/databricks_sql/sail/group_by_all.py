"""GROUP BY ALL and ORDER BY ALL, written out for Sail.

GROUP BY ALL groups by the selected expressions without an aggregate. ORDER BY ALL orders by every
selected expression.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-groupby.html
"""

from collections.abc import Iterator

from sqlglot import exp

from medallion_local.databricks_sql.language.aggregates import has_aggregate, is_aggregate
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import rewrites


@rewrites(exp.Select)
def write_out_all(select: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The SELECT with its keys; None if it has neither clause."""
    group, order = select.args.get("group"), select.args.get("order")
    groups = group is not None and bool(group.args.get("all")) and not group.expressions
    orders = order is not None and len(order.expressions) == 1 and _is_all(order.expressions[0])
    if groups:
        if any(item.is_star for item in select.expressions):
            raise refused("GROUP BY ALL with *")
        keys = list(_keys(select.expressions))
        if not keys and any(map(_mixes, select.expressions)):
            raise SqlError(
                "[UNRESOLVED_ALL_IN_GROUP_BY] Cannot infer grouping columns for GROUP BY ALL based "
                "on the select clause. Please explicitly specify the grouping columns."
            )
        select.set("group", exp.Group(expressions=keys) if keys else None)
    if orders:
        (item,) = order.expressions
        count = len(select.expressions)
        if any(one.is_star for one in select.expressions):
            count = len(kinds.outputs(select))
            if not count:
                raise refused("ORDER BY ALL with * over unknown columns")
        places = []
        for place in range(1, count + 1):
            one = item.copy()
            one.set("this", exp.Literal.number(place))
            places.append(one)
        order.set("expressions", places)
    return select if groups or orders else None


def _is_all(item: exp.Expression) -> bool:
    value = item.this if isinstance(item, exp.Ordered) else item
    return isinstance(value, exp.Var) and value.name.upper() == "ALL"


def _keys(selected: list[exp.Expression]) -> Iterator[exp.Expression]:
    for item in selected:
        value = item.this if isinstance(item, exp.Alias) else item
        if not any(isinstance(node, exp.Column) for node in value.walk()):
            continue  # a constant is the same in every group, and a number would be a position
        if not has_aggregate(value):
            yield value.copy()


def _mixes(item: exp.Expression) -> bool:
    """Whether an expression has an aggregate, and a column outside of it."""
    nodes = item.walk(prune=_is_whole_aggregate)
    return has_aggregate(item) and any(isinstance(node, exp.Column) for node in nodes)


def _is_whole_aggregate(node: exp.Expression) -> bool:
    """Whether it is an aggregate, or one with its WITHIN GROUP or FILTER."""
    return is_aggregate(node) or isinstance(node, exp.WithinGroup | exp.Filter)
