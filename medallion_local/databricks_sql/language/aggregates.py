"""Which calls are aggregates, as far as a query's text shows."""

from sqlglot import exp

NAMES = {
    "any", "any_value", "approx_count_distinct", "approx_percentile", "array_agg", "avg",
    "bit_and", "bit_or", "bit_xor", "bool_and", "bool_or", "collect_list", "collect_set",
    "corr", "count", "count_if", "covar_pop", "covar_samp", "every", "first", "first_value",
    "kurtosis", "last", "last_value", "listagg", "max", "max_by", "mean", "median", "min",
    "min_by", "mode", "percentile", "percentile_approx", "percentile_cont", "percentile_disc",
    "regr_avgx", "regr_avgy", "regr_count", "regr_slope", "skewness", "some", "std", "stddev",
    "stddev_pop", "stddev_samp", "string_agg", "sum", "try_avg", "try_sum", "var_pop",
    "var_samp", "variance",
}  # fmt: skip


def is_aggregate(node: exp.Expression) -> bool:
    """Whether a node is a call of an aggregate function, and not of a window function."""
    if not isinstance(node, exp.AggFunc) and not (
        isinstance(node, exp.Anonymous) and node.name.lower() in NAMES
    ):
        return False
    parent = node.parent
    while isinstance(parent, exp.Filter | exp.IgnoreNulls | exp.WithinGroup):
        parent = parent.parent
    return not isinstance(parent, exp.Window)


def has_aggregate(tree: exp.Expression) -> bool:
    """Whether an expression computes an aggregate of its own query."""
    return any(
        is_aggregate(node)
        for node in tree.walk(prune=lambda one: isinstance(one, exp.Query | exp.Subquery))
    )
