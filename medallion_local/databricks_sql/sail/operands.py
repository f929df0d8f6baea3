"""Operands of different types: each is cast to the type that Spark finds for them.

Sail combines a DATE with a TIMESTAMP in nanoseconds, and a number with a STRING in other types.
"""

from collections.abc import Sequence

from sqlglot import exp

from medallion_local.databricks_sql.sail.coercion import common
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.kinds import Kind
from medallion_local.databricks_sql.sail.rules import calls, rewrites
from medallion_local.databricks_sql.sail.trees import cast

_COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ)
_TIMES = {"date", "timestamp"}


def _differ(given: Sequence[Kind]) -> Kind | None:
    """The common type, if Sail would find another one."""
    names = {kind.name for kind in given} - {"void"}
    if len(names) < 2 or "unknown" in names:
        return None
    floats = "float" in names and all(kind.is_numeric or kind.name == "void" for kind in given)
    if not (names >= _TIMES or "string" in names or floats):
        return None
    found = common(list(given))
    return found if found.is_known and not found.inner else None


def _cast_all(nodes: Sequence[exp.Expression], given: Sequence[Kind]) -> bool:
    target = _differ(given)
    if target is None:
        return False
    for node, kind in zip(nodes, given, strict=True):
        if kind.name not in (target.name, "void"):
            holder = cast(node.copy(), target)
            node.replace(holder)
    return True


@rewrites(*_COMPARISONS)
def compared(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """A comparison."""
    pair = (node.this, node.expression)
    given = [kinds.of(each) for each in pair]
    return node if _cast_all(pair, given) else None


@rewrites(exp.Between)
def between(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """BETWEEN."""
    three = (node.this, node.args["low"], node.args["high"])
    return node if _cast_all(three, [kinds.of(each) for each in three]) else None


@rewrites(exp.In)
def listed(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """IN a list."""
    values = [node.this, *node.expressions]
    if not node.expressions:
        return _listed_by_query(node, kinds)
    return node if _cast_all(values, [kinds.of(each) for each in values]) else None


def _listed_by_query(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    holder = node.args.get("query")
    query = holder.this if isinstance(holder, exp.Subquery) else holder
    outputs = kinds.outputs(query) if isinstance(query, exp.Query) else []
    if len(outputs) != 1:
        return None
    kind, other = kinds.of(node.this), outputs[0][1]
    target = _differ([kind, other])
    if target is None:
        return None
    if kind != target:
        node.set("this", cast(node.this, target))
    if other != target:
        node.set("query", exp.Subquery(this=_wrapped(query, outputs, [target])))
    return node


@rewrites(exp.Case)
def branches(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The values of CASE."""
    values = [branch.args["true"] for branch in node.args["ifs"]]
    if node.args.get("default") is not None:
        values.append(node.args["default"])
    return node if _cast_all(values, [kinds.of(each) for each in values]) else None


@calls("coalesce", "nvl", "ifnull", "greatest", "least", "array")
def arguments(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The arguments of functions that return one of them."""
    values = list(node.expressions)
    if node.name.lower() in ("nvl", "ifnull"):
        node.set("this", "coalesce")
        _cast_all(values, [kinds.of(each) for each in values])
        return node
    return node if _cast_all(values, [kinds.of(each) for each in values]) else None


@calls("nullif")
def nulled(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """`nullif` has the type of its first argument."""
    if len(node.expressions) != 2:
        return None
    given = [kinds.of(each) for each in node.expressions]
    changed = _cast_all(list(node.expressions), given)
    one, other = given
    if changed or (one != other and one.is_numeric and other.is_numeric):
        return cast(node.copy(), one)
    return None


@rewrites(exp.Array)
def elements(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The elements of an array."""
    return arguments(node, kinds)


@calls("if", "nvl2")
def chosen(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The values of `if(condition, x, y)`."""
    values = list(node.expressions[1:])
    return node if _cast_all(values, [kinds.of(each) for each in values]) else None


@rewrites(exp.If)
def chosen_by_if(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The same, where the parser knows IF. An `exp.If` of a CASE has no second value."""
    other = node.args.get("false")
    if other is None or isinstance(node.parent, exp.Case):
        return None
    values = [node.args["true"], other]
    return node if _cast_all(values, [kinds.of(each) for each in values]) else None


@rewrites(exp.Values)
def rows(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The columns of VALUES."""
    lists = [row.expressions if isinstance(row, exp.Tuple) else [row] for row in node.expressions]
    if len({len(each) for each in lists}) != 1:
        return None
    changed = False
    for column in zip(*lists, strict=True):
        given = [kinds.of(each) for each in column]
        names = {kind.name for kind in given}
        if names >= _TIMES and "string" not in names:
            changed = _cast_all(column, given) or changed
    return node if changed else None


def _numbers(pair: list[Kind]) -> bool:
    return all(kind.is_numeric for kind in pair)


@rewrites(exp.Union, exp.Except, exp.Intersect)
def united(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The columns of UNION, EXCEPT and INTERSECT."""
    left, right = kinds.outputs(node.this), kinds.outputs(node.expression)
    if not left or len(left) != len(right):
        return None
    pairs = [[one, other] for (_, one), (_, other) in zip(left, right, strict=True)]
    targets = [_differ(pair) for pair in pairs]
    if not isinstance(node, exp.Union):  # Sail compares the numbers of EXCEPT in the first type
        targets = [
            common(pair) if target is None and pair[0] != pair[1] and _numbers(pair) else target
            for target, pair in zip(targets, pairs, strict=True)
        ]
    if not any(targets):
        return None
    for side, outputs in (("this", left), ("expression", right)):
        query = node.args[side]
        inner = query.this if isinstance(query, exp.Subquery) and not query.alias else query
        node.set(side, _wrapped(inner, outputs, targets))
    return node


def _wrapped(
    query: exp.Expression, outputs: list[tuple[str, Kind]], targets: Sequence[Kind | None]
) -> exp.Select:
    """A query over the query that casts its columns."""
    items: list[exp.Expression] = []
    names = [f"_{place}" for place in range(len(outputs))]
    for inner, target, (name, kind) in zip(names, targets, outputs, strict=True):
        column: exp.Expression = exp.column(exp.to_identifier(inner, True))
        if target is not None and target != kind:
            column = cast(column, target)
        items.append(exp.alias_(column, name, quoted=True))
    alias = exp.TableAlias(
        this=exp.to_identifier("_side"),
        columns=[exp.to_identifier(name, True) for name in names],
    )
    return exp.select(*items).from_(exp.Subquery(this=query.copy(), alias=alias))
