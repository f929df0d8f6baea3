"""Window functions that Sail answers wrongly or lacks.

Sail ignores an interval of days over a DATE: it compares days with other numbers. Over a TIMESTAMP
it is right, so the DATE is cast to one.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-window-functions.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import rewrites

# These do not see a NULL, so that a row which a FILTER drops can be a NULL instead.
_SKIP_NULLS = {
    "sum", "avg", "mean", "min", "max", "count", "stddev", "stddev_samp", "stddev_pop", "variance",
    "var_samp", "var_pop", "collect_list", "array_agg", "collect_set", "count_if", "bool_and",
    "bool_or", "every", "some", "any", "median", "skewness", "kurtosis", "try_sum", "try_avg",
}  # fmt: skip
_MONTHS = ("YEAR", "MONTH", "QUARTER")


@rewrites(exp.Window)
def bridge_window(window: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The window changed to one that Sail answers; None if it is one already."""
    called = window.this
    if isinstance(called, exp.Filter):
        window.set("this", _filtered(called))
        changed = True
    else:
        changed = False
    aggregate = window.this
    if any(isinstance(one, exp.Distinct) for one in aggregate.args.get("expressions") or []):
        raise SqlError(
            "[DISTINCT_WINDOW_FUNCTION_UNSUPPORTED] Distinct window functions are not supported: "
            f"{aggregate.sql('databricks')} OVER (…)."
        )
    return window if _bridge_frame(window, kinds) or changed else None


def _bridge_frame(window: exp.Expression, kinds: Kinds) -> bool:
    """Change what a RANGE frame over a DATE orders by. Returns whether it was one.

    An interval of days or less needs a TIMESTAMP; an integer counts days, and needs their number.
    """
    spec, order = window.args.get("spec"), window.args.get("order")
    if spec is None or order is None or spec.args.get("kind", "").upper() != "RANGE":
        return False
    bounds = [spec.args.get("start"), spec.args.get("end")]
    values = [bound for bound in bounds if isinstance(bound, exp.Expression)]
    if not values or len(order.expressions) != 1:
        return False
    item = order.expressions[0]
    value = item.this if isinstance(item, exp.Ordered) else item
    kind = kinds.of(value).name
    if kind == "string":
        raise SqlError(
            "[DATATYPE_MISMATCH.SPECIFIED_WINDOW_FRAME_UNACCEPTED_TYPE] The data type of the "
            f'bound of a window frame over the STRING "{value.sql("databricks")}" does not match.'
        )
    if not any(isinstance(bound, exp.Interval) for bound in values):
        if kind == "date":
            value.replace(exp.Anonymous(this="unix_date", expressions=[value.copy()]))
        elif not kinds.of(value).is_known:
            raise refused(f"{window.sql('databricks')}, whose type is not known to be a number")
        return kind == "date"
    if kind == "timestamp" or any(_unit(bound).startswith(_MONTHS) for bound in values):
        return False
    value.replace(exp.cast(value.copy(), "timestamp", dialect="databricks"))
    return True


def _unit(bound: exp.Expression) -> str:
    if not isinstance(bound, exp.Interval):
        return ""
    unit = bound.args.get("unit")
    return unit.sql().upper() if unit is not None else str(bound.this).upper()


def _filtered(call: exp.Filter) -> exp.Expression:
    """`f(x) FILTER (WHERE c)` as `f(CASE WHEN c THEN x END)`, which Sail accepts in a window."""
    function, condition = call.this, call.expression.this
    name = function.name.lower() if isinstance(function, exp.Anonymous) else function.key
    if name not in _SKIP_NULLS or len(function.expressions) != 1:
        raise refused(f"FILTER of {name} in a window function")
    (value,) = function.expressions
    one = exp.Literal.number(1) if isinstance(value, exp.Star) else value
    case = exp.Case(ifs=[exp.If(this=condition.copy(), true=one.copy())])
    function.set("expressions", [case])
    return function
