"""Comparisons of a CHAR column with literals, which are padded to the column's length.

Sail reads a CHAR as a STRING. Databricks pads the literal: `c = 'a'` finds `'a  '` in a CHAR(3).
Source: https://docs.databricks.com/sql/language-manual/data-types/string-type.html
"""

import re

from sqlglot import exp

from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.rules import rewrites

_CHAR = re.compile(r"char(?:acter)?\((\d+)\)")


@rewrites(exp.EQ, exp.NEQ, exp.NullSafeEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)
def pad_compared(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Pad the literal beside a CHAR column."""
    for column, other in ((node.this, node.expression), (node.expression, node.this)):
        size = _size(column, kinds)
        if size and _pad(other, size):
            return node
    return None


@rewrites(exp.In)
def pad_listed(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Pad the literals of a list after a CHAR column."""
    size = _size(node.this, kinds)
    if not size:
        return None
    padded = [_pad(one, size) for one in node.expressions]
    return node if any(padded) else None


def _pad(value: exp.Expression, size: int) -> bool:
    if not isinstance(value, exp.Literal) or not value.is_string or len(value.this) >= size:
        return False
    value.set("this", value.this.ljust(size))
    return True


def _size(column: exp.Expression, kinds: Kinds) -> int:
    """The length of a CHAR column; 0 for others, and if tables have different columns of a name."""
    if not isinstance(column, exp.Column):
        return 0
    name = column.name.lower()
    types = {str(kind) for table in kinds.tables.values() for own, kind in table if own == name}
    found = _CHAR.fullmatch(types.pop()) if len(types) == 1 else None
    return int(found[1]) if found else 0
