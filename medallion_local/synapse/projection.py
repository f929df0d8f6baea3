"""Whether a view is a pass-through projection: columns of one OPENROWSET, and nothing else.

Computations belong in the gold models, so that all readers share them.
"""

from sqlglot import exp

from medallion_local.tsql.dialect import OpenRowset
from medallion_local.tsql.errors import brief

PLAIN = (exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Column, exp.Identifier)


def oddities(query: exp.Expression) -> list[str]:
    """The parts of a query that are not a pass-through, each in a few words."""
    found = [
        brief(node)
        for node in query.walk(prune=lambda node: not isinstance(node, PLAIN))
        if not isinstance(node, (*PLAIN, OpenRowset))
    ]
    tables = list(query.find_all(exp.Table))
    if len(tables) != 1 or not isinstance(tables[0].this, OpenRowset):
        found.append("rows that do not come from one OPENROWSET")
    return found
