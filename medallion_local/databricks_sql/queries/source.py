"""The columns that a SELECT reads, as the engine plans them."""

from collections.abc import Callable

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render

Schema = Callable[[str], pa.Schema]
_PARTS = ("from_", "joins", "laterals")


def columns_read(select: exp.Select, schema: Schema, qualifier: str = "") -> pa.Schema:
    """The columns of `*`, or of `qualifier.*`, over the sources of `select`."""
    star: exp.Expression = exp.Star()
    if qualifier:
        star = exp.Column(this=star, table=exp.to_identifier(qualifier, True))
    return planned(select, [star], schema)


def planned(select: exp.Select, items: list[exp.Expression], schema: Schema) -> pa.Schema:
    """The columns that `items` would have in the select list."""
    probe = exp.Select(expressions=[item.copy() for item in items])
    for part in _PARTS:
        value = select.args.get(part)
        if isinstance(value, list):
            probe.set(part, [each.copy() for each in value])
        elif value is not None:
            probe.set(part, value.copy())
    probe.set("with_", visible_ctes(select))
    return schema(render(probe))


def visible_ctes(node: exp.Expression) -> exp.With | None:
    """The common table expressions that are visible at `node`, outer ones first."""
    found: list[exp.CTE] = []
    child: exp.Expression | None = None
    parent: exp.Expression | None = node
    while parent is not None:
        with_ = parent.args.get("with_")
        if with_ is not None:
            ends = [place for place, cte in enumerate(with_.expressions) if cte is child]
            own = with_.expressions[: ends[0]] if ends else with_.expressions
            found = [cte.copy() for cte in own] + found
        if not isinstance(parent, exp.With):
            child = parent
        parent = parent.parent
    return exp.With(expressions=found) if found else None


def sources(select: exp.Select) -> list[exp.Expression]:
    """The tables and subqueries of FROM whose columns `*` has."""
    from_ = select.args.get("from_")
    joins = select.args.get("joins") or []
    hidden = ("SEMI", "ANTI")
    kept = [join.this for join in joins if (join.args.get("kind") or "").upper() not in hidden]
    return ([from_.this] if from_ else []) + kept
