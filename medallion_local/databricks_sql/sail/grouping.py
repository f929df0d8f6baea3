"""GROUP BY an expression that calls one of our functions.

Sail names each call of an Arrow function differently, so it does not find the grouped expression
among the selected ones. Their positions and names say the same.
"""

from sqlglot import exp

from medallion_local.databricks_sql.sail.functions import is_called
from medallion_local.databricks_sql.sail.refusal import refused


def group_by_position(group: exp.Group) -> None:
    """Replace such expressions in GROUP BY and ORDER BY by positions, and in HAVING by names."""
    select = group.parent
    calling = [each for each in group.expressions if is_called(each)]
    if not calling or not isinstance(select, exp.Select):
        return
    for expression in calling:
        key = expression.unnest()
        position = _position(select, key)
        if position is None:
            raise refused(f"GROUP BY {expression.sql('databricks')} without selecting it")
        expression.replace(exp.Literal.number(position))
        item = select.expressions[position - 1]
        for name in ("having", "order"):
            clause = select.args.get(name)
            for node in list(clause.walk()) if clause is not None else []:
                if type(node) is type(key) and node == key:
                    node.replace(exp.column(exp.to_identifier(item.alias, quoted=True)))


def _position(select: exp.Select, key: exp.Expression) -> int | None:
    for position, item in enumerate(select.expressions, start=1):
        if item.unalias().unnest() == key:
            return position
    return None
