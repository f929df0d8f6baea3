"""Formulas for calendar functions that the engine computes wrongly or only in nanoseconds.

Sail's `date_trunc`, `trunc`, `months_between` and `weekofyear` of a timestamp fail before 1677 and
after 2262. Its `date_trunc` of a DATE has another type, and its `weekday` is -1 on Sundays. Dates
and microseconds are right from year 1 to 9999, so each call becomes a formula of those. Times are
UTC, as in the session.
Source: https://docs.databricks.com/sql/language-manual/functions/date_trunc.html,
https://docs.databricks.com/sql/language-manual/functions/trunc.html,
https://docs.databricks.com/sql/language-manual/functions/months_between.html and
https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/catalyst/util/DateTimeUtils.scala
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import parse, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.rules import calls

_DAYS = {
    "YEAR": "make_date(year(_d), 1, 1)",
    "QUARTER": "make_date(year(_d), 3 * quarter(_d) - 2, 1)",
    "MONTH": "make_date(year(_d), month(_d), 1)",
    # 1970-01-01 was a Thursday.
    "WEEK": "date_from_unix_date(unix_date(_d) - pmod(unix_date(_d) + 3, 7))",
}  # the first day of the unit that contains the day `_d`
_MICROSECONDS = {
    "HOUR": 3_600_000_000,
    "MINUTE": 60_000_000,
    "SECOND": 1_000_000,
    "MILLISECOND": 1_000,
}
_ALIASES = {"YYYY": "YEAR", "YY": "YEAR", "MM": "MONTH", "MON": "MONTH", "DD": "DAY"}
_MOMENTS = (
    {unit: f"CAST({formula} AS TIMESTAMP)" for unit, formula in _DAYS.items()}
    | {"DAY": "CAST(_d AS TIMESTAMP)"}
    | {
        unit: f"timestamp_micros(unix_micros(_t) - pmod(unix_micros(_t), {size}))"
        for unit, size in _MICROSECONDS.items()
    }
    | {"MICROSECOND": "_t"}
)  # the start of the unit that contains the timestamp `_t` on the day `_d`
_WHOLE_MONTHS = "(year(_d) - year(_e)) * 12 + month(_d) - month(_e)"
# As in Spark, seconds of a day are whole, and a month has 31 days.
_SECONDS = (
    "(day(_d) - day(_e)) * 86400"
    " + (pmod(unix_micros(_t), 86400000000) div 1000000)"
    " - (pmod(unix_micros(_u), 86400000000) div 1000000)"
)
_MONTHS_BETWEEN = (
    "CASE WHEN day(_d) = day(_e) OR (_d = last_day(_d) AND _e = last_day(_e))"
    f" THEN CAST({_WHOLE_MONTHS} AS DOUBLE)"
    f" ELSE CAST({_WHOLE_MONTHS} AS DOUBLE) + CAST({_SECONDS} AS DOUBLE) / 2678400D END"
)
_OF_ONE = {
    "weekofyear": "weekofyear(CAST(_x AS DATE))",
    "weekday": "pmod(dayofweek(_x) + 5, 7)",
    "unix_seconds": "(unix_micros(_x) - pmod(unix_micros(_x), 1000000)) div 1000000",
    "unix_millis": "(unix_micros(_x) - pmod(unix_micros(_x), 1000)) div 1000",
}  # before 1970, Sail rounds the last two towards zero, Spark down

# The arguments that are a DATE or a TIMESTAMP; of the other functions, the first.
_MOMENTS_AT = {"date_trunc": (1,), "months_between": (0, 1)}
_ORDINALS = ("first", "second")
_CAST_TO_TIMES = {"string", "date", "timestamp", "timestamp_ntz", "void"}


@calls("date_trunc", "trunc", "months_between", *_OF_ONE)
def bridge_calendar(call: exp.Expression, kinds: Kinds) -> exp.Expression:
    """Replace the call by a formula. A value of another type would be cast, which Spark refuses."""
    name = call.name.lower()
    wanted = "DATE" if name in ("trunc", "weekofyear", "weekday") else "TIMESTAMP"
    for position in _MOMENTS_AT.get(name, (0,)):
        if position < len(call.expressions):
            _require_time(call, position, kinds, wanted)
    return exp.Paren(this=_formula(call))


def _require_time(call: exp.Expression, position: int, kinds: Kinds, wanted: str) -> None:
    value = call.expressions[position]
    kind = kinds.of(value)
    if kind.is_known and kind.name not in _CAST_TO_TIMES:
        raise SqlError(
            f'[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] Cannot resolve "{render(call)}" due to '
            f"data type mismatch: The {_ORDINALS[position]} parameter requires the "
            f'"{wanted}" type, however "{render(value)}" has the type "{kind.sql.upper()}".'
        )


def _formula(call: exp.Expression) -> exp.Expression:
    name, given = call.name.lower(), call.expressions
    if name == "date_trunc" and len(given) == 2:
        return _truncated(given[0], given[1], _MOMENTS, "CAST(NULL AS TIMESTAMP)")
    if name == "trunc" and len(given) == 2:
        return _truncated(given[1], given[0], _DAYS, "CAST(NULL AS DATE)")
    if name == "months_between" and len(given) in (2, 3):
        return _months_between(*given)
    if name in _OF_ONE and len(given) == 1:
        return _filled(_OF_ONE[name], _x=given[0])
    raise unsupported(f"{render(call)} (of {len(given)} arguments)")


def _truncated(
    unit: exp.Expression, value: exp.Expression, formulas: dict[str, str], unknown: str
) -> exp.Expression:
    """`value` truncated to `unit`; NULL for an unknown unit, as in Spark."""
    if unit.is_string:
        known = unit.name.upper()
        return _of(formulas.get(_ALIASES.get(known, known), unknown), value)
    if isinstance(unit, exp.Null):
        return _of(unknown, value)
    cases = exp.Case(this=exp.Upper(this=unit.copy()), ifs=[])
    for name in [*formulas, *(alias for alias, unit in _ALIASES.items() if unit in formulas)]:
        cut = _of(formulas[_ALIASES.get(name, name)], value)
        cases.append("ifs", exp.If(this=exp.Literal.string(name), true=cut))
    cases.set("default", _of(unknown, value))
    return cases


def _of(formula: str, value: exp.Expression) -> exp.Expression:
    moment = _filled("CAST(_x AS TIMESTAMP)", _x=value)
    return _filled(formula, _t=moment, _d=_filled("CAST(_x AS DATE)", _x=moment))


def _months_between(
    one: exp.Expression, other: exp.Expression, rounded: exp.Expression | None = None
) -> exp.Expression:
    moments = [_filled("CAST(_x AS TIMESTAMP)", _x=value) for value in (one, other)]
    days = [_filled("CAST(_x AS DATE)", _x=moment) for moment in moments]
    months = _filled(_MONTHS_BETWEEN, _t=moments[0], _u=moments[1], _d=days[0], _e=days[1])
    if rounded is None:
        return _filled("round(_x, 8)", _x=months)
    return _filled("CASE WHEN _r THEN round(_x, 8) ELSE _x END", _x=months, _r=rounded)


def _filled(formula: str, **values: exp.Expression) -> exp.Expression:
    """The formula's tree, in which a value replaces each name."""
    tree = parse(f"SELECT {formula}").expressions[0]
    holder = exp.Paren(this=tree)
    for column in list(holder.find_all(exp.Column)):
        if column.name in values:
            column.replace(values[column.name].copy())
    return holder.this
