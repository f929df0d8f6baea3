"""Patterns, generators and higher-order functions that Sail lacks, by those that it has."""

from collections.abc import Callable
from functools import reduce
from itertools import takewhile

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import unsupported
from medallion_local.databricks_sql.queries.source import Schema, planned

_MAPS = {"map", "map_from_entries", "map_from_arrays", "map_concat", "map_filter", "str_to_map"}
_ARRAYS = {"array", "split", "sequence", "collect_list", "collect_set", "array_agg", "map_entries"}
EXPLODES = {"explode": "inline", "explode_outer": "inline_outer"}
_POSITIONS = {"posexplode", "posexplode_outer"}


def quantified(like: exp.Expression) -> None:
    """`x LIKE ANY (a, b)` as `x LIKE a OR x LIKE b`; ALL as AND."""
    holder = like.expression
    listed = holder.this
    patterns = listed.expressions if isinstance(listed, exp.Tuple) else [listed.unnest()]
    tests: list[exp.Expression] = []
    for pattern in patterns:
        test: exp.Expression = type(like)(this=like.this.copy(), expression=pattern.copy())
        tests.append(exp.Not(this=test) if like.args.get("negate") else test)
    join = exp.Or if isinstance(holder, exp.Any) else exp.And
    like.replace(exp.Paren(this=reduce(lambda a, b: join(this=a, expression=b), tests)))


def exploded_map(call: exp.Anonymous, schema: Schema) -> None:
    """`explode(map)` as `inline(map_entries(map))`. Sail ends with a panic for it."""
    name, (argument, *_) = call.name.lower(), call.expressions
    if not _is_map(call, argument, schema):
        return
    if name in _POSITIONS:
        raise unsupported(f"{render(call)} of a map; `medallion up --engine spark` supports it")
    entries = exp.Anonymous(this="map_entries", expressions=[argument.copy()])
    call.replace(exp.Anonymous(this=EXPLODES[name], expressions=[entries]))


def _is_map(call: exp.Expression, argument: exp.Expression, schema: Schema) -> bool:
    called = argument.name.lower() if isinstance(argument, exp.Anonymous) else ""
    if called in _MAPS or isinstance(argument, exp.Map):
        return True
    if called in _ARRAYS or isinstance(argument, exp.Array):
        return False
    select = call.find_ancestor(exp.Select)
    if select is None:
        return False
    if call.find_ancestor(exp.Lateral):
        select = _before(select, call.find_ancestor(exp.Lateral))
    try:
        return pa.types.is_map(planned(select, [argument], schema).field(0).type)
    except Exception:
        # The whole statement has an error of its own, or an outer column: let the engine say so.
        return False


def _before(select: exp.Select, lateral: exp.Expression | None) -> exp.Select:
    """The sources to the left of a LATERAL VIEW."""
    laterals = select.args.get("laterals") or []
    copied = select.copy()
    copied.set(
        "laterals", [each.copy() for each in takewhile(lambda one: one is not lateral, laterals)]
    )
    copied.parent = select.parent
    return copied


def zipped(call: exp.Expression) -> None:
    """`zip_with(a, b, (x, y) -> e)` by `transform` over `arrays_zip`."""
    left, right, function = call.expressions
    pair = exp.Anonymous(this="arrays_zip", expressions=[left.copy(), right.copy()])
    call.replace(_over(call, "transform", pair, function, ("0", "1")))


def filtered_map(call: exp.Expression) -> None:
    """`map_filter(m, (k, v) -> e)` by `filter` over the entries."""
    call.replace(_from_entries(_entries(call, "filter")))


def transformed_keys(call: exp.Expression) -> None:
    """`transform_keys(m, (k, v) -> e)` by `transform` over the entries."""
    made = _entries(call, "transform")
    body = made.expressions[1]
    body.set("this", _struct(body.this, _field(body.expressions[0].name, "value")))
    call.replace(_from_entries(made))


def transformed_values(call: exp.Expression) -> None:
    """`transform_values(m, (k, v) -> e)` by `transform` over the entries."""
    made = _entries(call, "transform")
    body = made.expressions[1]
    body.set("this", _struct(_field(body.expressions[0].name, "key"), body.this))
    call.replace(_from_entries(made))


CALLS: dict[str, Callable[[exp.Expression], None]] = {
    "zip_with": zipped,
    "map_filter": filtered_map,
    "transform_keys": transformed_keys,
    "transform_values": transformed_values,
}


def _entries(call: exp.Expression, function: str) -> exp.Anonymous:
    argument, body = call.expressions
    entries = exp.Anonymous(this="map_entries", expressions=[argument.copy()])
    return _over(call, function, entries, body, ("key", "value"))


def _over(
    call: exp.Expression,
    function: str,
    array: exp.Expression,
    body: exp.Expression,
    fields: tuple[str, str],
) -> exp.Anonymous:
    """`function(array, e -> body)`, where the body's parameters are fields of `e`."""
    if not isinstance(body, exp.Lambda) or len(body.expressions) != 2:
        raise unsupported(f"{render(call)}; `medallion up --engine spark` supports it")
    element = "_" + "_".join(parameter.name for parameter in body.expressions)
    names = {p.name.lower(): f for p, f in zip(body.expressions, fields, strict=True)}
    changed = exp.Paren(this=body.this.copy())
    for node in list(changed.find_all(exp.Identifier)):
        inner = node.parent
        if isinstance(inner, exp.Column) and inner.this is not node:
            continue
        if node.name.lower() in names and not isinstance(inner, exp.Dot | exp.Lambda):
            place = inner if isinstance(inner, exp.Column) else node
            place.replace(_field(element, names[node.name.lower()]))
    lambda_ = exp.Lambda(this=changed, expressions=[exp.to_identifier(element)])
    return exp.Anonymous(this=function, expressions=[array, lambda_])


def _field(element: str, name: str) -> exp.Expression:
    return exp.Dot(this=exp.to_identifier(element), expression=exp.to_identifier(name, True))


def _struct(key: exp.Expression, value: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="struct", expressions=[key, value])


def _from_entries(array: exp.Expression) -> exp.Expression:
    return exp.Anonymous(this="map_from_entries", expressions=[array])
