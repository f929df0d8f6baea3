"""Refuse streaming queries whose answer depends on rows of earlier batches.

A batch here sees only its own rows. Databricks keeps state between batches for aggregates with a
watermark, and rejects the others in append mode.

Source: https://spark.apache.org/docs/latest/streaming/apis-on-dataframes-and-datasets.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import SqlError

_AGGREGATES = {
    "any", "any_value", "approx_count_distinct", "array_agg", "avg", "bool_and", "bool_or",
    "collect_list", "collect_set", "corr", "count", "count_if", "every", "first", "first_value",
    "kurtosis", "last", "last_value", "listagg", "max", "max_by", "mean", "median", "min",
    "min_by", "mode", "percentile", "percentile_approx", "skewness", "some", "std", "stddev",
    "stddev_pop", "stddev_samp", "string_agg", "sum", "try_avg", "try_sum", "var_pop", "var_samp",
    "variance",
}  # fmt: skip


def refuse_stateful(query: exp.Expression) -> None:
    """Raise for an aggregate, DISTINCT, window, order, limit or set difference over a stream."""
    for stream in query.find_all(exp.Stream):
        node = stream.parent
        while node is not None:
            found = _stateful(node)
            if found is not None:
                raise SqlError(
                    "[STREAMING_OUTPUT_MODE.UNSUPPORTED_OPERATION] Invalid streaming output mode: "
                    f"append. {found} needs the rows of earlier batches: use a materialized view."
                )
            node = node.parent
    for join in query.find_all(exp.Join):
        select = join.parent
        if isinstance(select, exp.Select) and join.find(exp.Stream):
            others = [select.args.get("from_"), *(select.args.get("joins") or [])]
            if any(one is not None and one is not join and one.find(exp.Stream) for one in others):
                raise SqlError(
                    "[UNSUPPORTED_FEATURE.STREAM_STREAM_JOIN] The local warehouse does not support "
                    f"a join of two streams: {render(select)}"
                )


def _stateful(node: exp.Expression) -> str | None:
    """The part of a query over a stream that needs state, or None."""
    if isinstance(node, exp.Except | exp.Intersect):
        return type(node).__name__.upper()
    if isinstance(node, exp.Union) and node.args.get("distinct"):
        return "UNION DISTINCT"
    if not isinstance(node, exp.Query):
        return None
    for clause in ("group", "distinct", "order", "limit", "qualify"):
        if node.args.get(clause):
            return clause.upper()
    if not isinstance(node, exp.Select):
        return None
    for item in node.expressions:
        for call in item.find_all(exp.Window, exp.Anonymous, exp.AggFunc):
            if call.find_ancestor(exp.Query) is not node:
                continue
            if not isinstance(call, exp.Anonymous) or call.name.lower() in _AGGREGATES:
                return render(call)
    return None
