"""Calls whose results would take all memory: Sail allocates them before it fails.

Spark has a limit of 2,147,483,632 elements and a heap; Sail ends the process of the warehouse. A
size that is a literal is checked here. Any other is checked when its rows are computed: Sail
computes thousands of rows at once, so the sum of their results is limited.
"""

from sqlglot import exp

from medallion_local.databricks_sql.sail.functions import LARGEST_BATCH, called, widths
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import calls

_MOST = 100_000_000
_SIZES = {"array_repeat": 1, "repeat": 1, "lpad": 1, "rpad": 1, "space": 0}
_ROWS = 8192  # of a batch
_BYTES = 8  # of a number, and more than most values have
_MICROS = {"SECOND": 10**6, "MINUTE": 60 * 10**6, "HOUR": 3600 * 10**6, "MILLISECOND": 1000,
           "MICROSECOND": 1}  # fmt: skip
_DAY = 24 * 3600 * 10**6


@calls(*_SIZES)
def limit_long_results(call: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Raise for a text or an array of more than a hundred million elements."""
    place = _SIZES[call.name.lower()]
    if len(call.expressions) <= place:
        return None
    size = _number(call.expressions[place])
    if size is not None and size > _MOST:
        raise refused(f"{call.name} with more than {_MOST:,} elements")
    repeated = call.expressions[0] if "repeat" in call.name.lower() else exp.Literal.string("a")
    width = _BYTES
    if isinstance(repeated, exp.Literal):
        width = len(repeated.name.encode())
    if size is not None and size * width * _ROWS <= LARGEST_BATCH:
        return None
    return _guarded(call, place, call.expressions[place], repeated)


@calls("format_string", "printf")
def limit_wide_formats(call: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Raise if the widths of a format add up to too many characters."""
    if not call.expressions:
        return None
    given = call.expressions[0]
    if given.is_string and widths(given.name) * _ROWS <= LARGEST_BATCH:
        return None
    return _guarded(call, 0, called("widths", given.copy()), exp.Literal.string("a"))


@calls("sequence")
def limit_long_sequences(call: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Raise for a sequence of more than a hundred million elements."""
    if len(call.expressions) < 2:
        return None
    start, stop = call.expressions[:2]
    step = call.expressions[2] if len(call.expressions) > 2 else None
    first, last, every = _number(start), _number(stop), 1 if step is None else _number(step)
    if first is not None and last is not None:
        if every and abs(last - first) / abs(every) > _MOST:
            raise refused(f"sequence with more than {_MOST:,} elements")
        if every and abs(last - first) / abs(every) * _BYTES * _ROWS <= LARGEST_BATCH:
            return None
    one, other = kinds.of(start), kinds.of(stop)
    if one.is_integral and other.is_integral:
        distance = _difference(_as(start, "DOUBLE"), _as(stop, "DOUBLE"))
        count = distance if step is None else _ratio(distance, _as(step, "DOUBLE"))
    elif one.is_known and other.is_known:
        ends = (_micros(_as(end, "TIMESTAMP")) for end in (start, stop))
        count = _ratio(_difference(*ends), exp.Literal.number(_length(step)))
    else:
        return None
    return _guarded(call, 1, exp.func("abs", count), exp.Literal.number(1))


def _guarded(
    call: exp.Expression, place: int, count: exp.Expression, value: exp.Expression
) -> exp.Expression:
    """The call, whose argument at `place` exists only after a check of `count` sizes of `value`.

    Around the call, the check would be too late: Sail computes a call of constants as it plans.
    """
    allowed = called("bounded", count.copy(), value.copy())
    guarded = call.copy()
    argument = guarded.expressions[place]
    argument.replace(exp.Case(ifs=[exp.If(this=allowed, true=argument.copy())]))
    return guarded


def _as(value: exp.Expression, kind: str) -> exp.Expression:
    return exp.Cast(this=value.copy(), to=exp.DataType.build(kind, dialect="databricks"))


def _micros(time: exp.Expression) -> exp.Expression:
    return _as(exp.Anonymous(this="unix_micros", expressions=[time]), "DOUBLE")


def _difference(start: exp.Expression, stop: exp.Expression) -> exp.Expression:
    return exp.Paren(this=exp.Sub(this=stop, expression=start))


def _ratio(distance: exp.Expression, step: exp.Expression) -> exp.Expression:
    """The quotient; NULL for a step of 0, which the function itself refuses."""
    return exp.Div(this=distance, expression=exp.func("nullif", step, exp.Literal.number(0)))


def _length(step: exp.Expression | None) -> int:
    """The microseconds of an interval's unit: a day, or less if a literal has a smaller unit."""
    unit = step.args.get("unit") if isinstance(step, exp.Interval) else None
    names = unit.sql().upper() if unit is not None else step.sql().upper() if step else ""
    return min((micros for name, micros in _MICROS.items() if name in names), default=_DAY)


def _number(value: exp.Expression) -> int | None:
    """An integer literal's value."""
    if isinstance(value, exp.Neg):
        inner = _number(value.this)
        return None if inner is None else -inner
    while isinstance(value, exp.Paren | exp.Cast):
        value = value.this
    if not isinstance(value, exp.Literal) or value.is_string:
        return None
    digits = value.name.rstrip("LlSsYy")
    return int(digits) if digits.isdecimal() else None
