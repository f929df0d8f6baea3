"""Whether a view is a pass-through projection: columns of one OPENROWSET, and nothing else.

What a mart computes belongs in gold, which every reader shares.
"""

from sqlglot import exp

from medallion.local.tsql.dialect import OpenRowset
from medallion.local.tsql.errors import brief

PLAIN = (exp.Select, exp.From, exp.Table, exp.TableAlias, exp.Column, exp.Identifier)


def oddities(query: exp.Expression) -> list[str]:
    """What a query has beyond that, in a few words each."""
    found = [
        brief(node)
        for node in query.walk(prune=lambda node: not isinstance(node, PLAIN))
        if not isinstance(node, (*PLAIN, OpenRowset))
    ]
    tables = list(query.find_all(exp.Table))
    if len(tables) != 1 or not isinstance(tables[0].this, OpenRowset):
        found.append("rows that are not of one OPENROWSET")
    return found
