"""Walk a resolved tree once, and rewrite the grammar that Sail lacks, inner queries first."""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import unsupported
from medallion_local.databricks_sql.queries.source import Schema
from medallion_local.databricks_sql.sail.grammar.aliases import Names, expand_aliases
from medallion_local.databricks_sql.sail.grammar.arguments import (
    expand_star_arguments,
    position_arguments,
)
from medallion_local.databricks_sql.sail.grammar.calls import (
    CALLS,
    EXPLODES,
    exploded_map,
    quantified,
)
from medallion_local.databricks_sql.sail.grammar.pivots import rewrite_pivots
from medallion_local.databricks_sql.sail.grammar.stars import expand_stars
from medallion_local.databricks_sql.sail.grammar.using import unqualify, use_common_columns
from medallion_local.databricks_sql.sail.names import column_name
from medallion_local.databricks_sql.sail.refusal import refused

_TYPES = (
    exp.Select,
    exp.Table,
    exp.Subquery,
    exp.Values,
    exp.Like,
    exp.ILike,
    exp.Anonymous,
    exp.With,
    exp.Lateral,
)
_GENERATORS = {*EXPLODES, "posexplode", "posexplode_outer"}


def bridge_grammar(tree: exp.Expression, schema: Schema, names: Names) -> None:
    """Rewrite `tree` itself. `schema` plans a query and returns its columns.

    `names` returns those of the columns that a SELECT reads, or None, without planning.
    """
    for node in _inner_first(tree):
        if isinstance(node, exp.Like | exp.ILike):
            if isinstance(node.expression, exp.Any | exp.All):
                quantified(node)
        elif isinstance(node, exp.Anonymous):
            name = node.name.lower()
            if node.expressions:
                position_arguments(node)
                expand_star_arguments(node, schema)
            if name in CALLS:
                _keep_name(node)
                CALLS[name](node)
            elif name in _GENERATORS and node.expressions:
                exploded_map(node, schema)
        elif isinstance(node, exp.With):
            if node.args.get("recursive"):
                _refuse_recursion(node)
        elif isinstance(node, exp.Select):
            use_common_columns(node, schema)
            expand_stars(node, schema)
            unqualify(node)
            expand_aliases(node, schema, names)
            _order_locally(node)
        elif isinstance(node, exp.Lateral):
            _refuse_correlation(node)
        elif node.args.get("pivots"):
            rewrite_pivots(node, schema)
        elif isinstance(node, exp.Table) and node.args.get("sample"):
            _sample(node)


def _keep_name(call: exp.Expression) -> None:
    """Name a column of a result like the call that is replaced."""
    parent = call.parent
    if isinstance(parent, exp.Select) and call.arg_key == "expressions":
        place = exp.Alias(alias=exp.to_identifier(column_name(call), True))
        call.replace(place)
        place.set("this", call)


def _refuse_correlation(lateral: exp.Lateral) -> None:
    """Sail plans a LATERAL subquery only without tables of its own."""
    query = lateral.this.unnest() if isinstance(lateral.this, exp.Subquery) else None
    tables = query.find_all(exp.Table) if query is not None else ()
    if any(not isinstance(table.this, exp.Func) for table in tables):
        raise refused(f"a LATERAL subquery over tables: {render(lateral)}")


def _inner_first(tree: exp.Expression) -> list[exp.Expression]:
    """The nodes of interest in post-order; common table expressions come before their readers."""
    found: list[exp.Expression] = []
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, _TYPES):
            found.append(node)
        children = list(node.iter_expressions())
        with_ = node.args.get("with_")
        if with_ is not None:
            children = [with_, *(child for child in children if child is not with_)]
        stack.extend(children)
    found.reverse()
    return found


def _order_locally(select: exp.Select) -> None:
    """DISTRIBUTE BY has no effect on the rows. CLUSTER BY also sorts each partition."""
    select.set("distribute", None)
    cluster = select.args.get("cluster")
    if cluster is not None:
        select.set("cluster", None)
        items = [exp.Ordered(this=item, nulls_first=True) for item in cluster.expressions]
        select.set("sort", exp.Sort(expressions=items))


def _sample(table: exp.Table) -> None:
    """TABLESAMPLE (n ROWS) as LIMIT n, which it is in Spark."""
    sample = table.args["sample"]
    if sample.args.get("size") is None:
        return
    table.set("sample", None)
    alias = table.args.get("alias")
    query = exp.Subquery(alias=alias.copy() if alias else None)
    for part in ("joins", "laterals"):
        if table.args.get(part):
            query.set(part, table.args[part])
            table.set(part, None)
    table.replace(query)
    inner = exp.Select(expressions=[exp.Star()], from_=exp.From(this=table))
    query.set("this", inner.limit(sample.args["size"], copy=False))


def _refuse_recursion(with_: exp.With) -> None:
    for cte in with_.expressions:
        if any(table.name.lower() == cte.alias.lower() for table in cte.this.find_all(exp.Table)):
            raise unsupported(
                f"a recursive common table expression: {render(cte)}; "
                "`medallion up --engine spark` supports it"
            )
    with_.set("recursive", False)
