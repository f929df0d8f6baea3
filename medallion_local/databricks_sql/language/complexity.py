"""Limits of a statement's size and nesting.

A parser recurses into a statement. Sail does so on a stack of fixed size in this process, which
ends if the stack overflows. So deeper statements are refused before the engine sees them.
"""

import re
import sys
import threading
from collections.abc import Callable

from sqlglot import exp

from medallion_local.databricks_sql.language.errors import SqlError

# Measured with Sail 0.7.2: 400 nested calls or operators are planned, 1,000 end the process. The
# same holds for 110 subqueries or 130 branches of a UNION, and for 200 or 400 of them.
DEEPEST = 350
# Each operator of a chain is a level, and rewriting or planning it takes time for all levels above.
_BALANCED = 100
_WEIGHTS: dict[type, int] = {exp.Union: 2, exp.Intersect: 2, exp.Except: 2}
_ASSOCIATIVE = (exp.And, exp.Or, exp.DPipe)
_MOST_WORDS = 2_000_000
_WORD = re.compile(r"'[^']*'|\w+|[^\s\w]")
_LONG = 1_000_000
_RECURSION = 6_000
_STACK = 128 * 1024 * 1024


def too_complex(why: str) -> SqlError:
    """The error for a statement above a limit."""
    return SqlError(
        "[FAILED_TO_PARSE_TOO_COMPLEX] The statement, including potential SQL functions and "
        f"referred views, was too complex to parse: {why}. Split it into several statements."
    )


def allow_deep_statements() -> None:
    """Let this process parse statements of the permitted depth. Call it before threads start."""
    sys.setrecursionlimit(_RECURSION)
    threading.stack_size(_STACK)


def check_size(sql: str) -> None:
    """Raise for a text that would take minutes to parse."""
    if len(sql) > _LONG and sum(1 for _ in _WORD.finditer(sql)) > _MOST_WORDS:
        raise too_complex(f"it has more than {_MOST_WORDS:,} words")


def limit_depth(holder: exp.Expression) -> None:
    """Balance long chains of AND, OR and `||` in the tree. Raise if it is still too deep."""
    deepest = depth(holder)
    if deepest <= _BALANCED:
        return
    for node in list(holder.walk()):
        if isinstance(node, _ASSOCIATIVE) and type(node.parent) is not type(node):
            node.replace(exp.Paren(this=_balanced(type(node), _operands(node))))
    if deepest > DEEPEST and depth(holder) > DEEPEST:
        raise too_complex(f"it is nested deeper than {DEEPEST} levels")


def limit_subqueries(holder: exp.Expression, most: int) -> None:
    """Raise for a tree with more than `most` subqueries in each other, apart from those in FROM."""
    if _longest(holder, lambda node: int(_is_value(node))) > most:
        raise too_complex(f"more than {most} subqueries are nested in expressions")


def depth(tree: exp.Expression) -> int:
    """The number of nodes on the longest way from the root."""
    return _longest(tree, lambda node: _WEIGHTS.get(type(node), 1))


def _longest(tree: exp.Expression, weight: Callable[[exp.Expression], int]) -> int:
    """The greatest sum of weights on a way from the root, found without recursion."""
    longest, stack = 0, [(tree, weight(tree))]
    while stack:
        node, length = stack.pop()
        longest = max(longest, length)
        for value in node.args.values():
            for child in value if isinstance(value, list) else (value,):
                if isinstance(child, exp.Expression):
                    stack.append((child, length + weight(child)))
    return longest


def _is_value(node: exp.Expression) -> bool:
    """Whether a node is a query that an expression reads: a scalar, or of IN or EXISTS."""
    if isinstance(node, exp.Subquery):
        return not isinstance(node.parent, exp.From | exp.Join | exp.Subquery | exp.SetOperation)
    return isinstance(node, exp.Query) and isinstance(node.parent, exp.Exists | exp.In | exp.Any)


def _operands(chain: exp.Expression) -> list[exp.Expression]:
    found, stack = [], [chain]
    while stack:
        node = stack.pop()
        if type(node) is type(chain):
            stack += [node.expression, node.this]
        else:
            found.append(node)
    return found


def _balanced(kind: type[exp.Expression], operands: list[exp.Expression]) -> exp.Expression:
    while len(operands) > 1:
        pairs = zip(operands[::2], operands[1::2], strict=False)
        joined: list[exp.Expression] = [
            exp.Paren(this=kind(this=left, expression=right)) for left, right in pairs
        ]
        operands = joined + (operands[-1:] if len(operands) % 2 else [])
    return operands[0].this if isinstance(operands[0], exp.Paren) else operands[0]
