"""The date functions: DATEADD, DATEDIFF, DATEPART, DATENAME, EOMONTH and others.

https://learn.microsoft.com/sql/t-sql/functions/date-and-time-data-types-and-functions-transact-sql
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.tsql import types
from medallion_local.tsql.errors import brief, unsupported
from medallion_local.tsql.types import MOMENTS, TEXT, Type
from medallion_local.tsql.values import Value, convert, from_ticks, quote, ticks

if TYPE_CHECKING:
    from medallion_local.tsql.compiler import Compiler

_PARTS = {
    "year": ("year", "yy", "yyyy"),
    "quarter": ("quarter", "qq", "q"),
    "month": ("month", "mm", "m"),
    "dayofyear": ("dayofyear", "dy", "y"),
    "day": ("day", "dd", "d"),
    "week": ("week", "wk", "ww"),
    "iso_week": ("iso_week", "isowk", "isoww"),
    "weekday": ("weekday", "dw", "w"),
    "hour": ("hour", "hh"),
    "minute": ("minute", "mi", "n"),
    "second": ("second", "ss", "s"),
    "millisecond": ("millisecond", "ms"),
    "microsecond": ("microsecond", "mcs"),
    "nanosecond": ("nanosecond", "ns"),
    "tzoffset": ("tzoffset", "tz"),
}
_BY_NAME = {alias: name for name, aliases in _PARTS.items() for alias in aliases}
_CLOCK = ("hour", "minute", "second", "millisecond", "microsecond", "nanosecond")
_CALENDAR = ("year", "quarter", "month", "dayofyear", "day", "week", "iso_week", "weekday")


def _part(node: exp.Expression, function: str) -> str:
    name = node.name.lower() if isinstance(node, exp.Column | exp.Var) else ""
    if name not in _BY_NAME:
        raise MedallionError(
            f"Msg 155: '{brief(node)}' is not a recognized {function.lower()} option."
        )
    return _BY_NAME[name]


def _arguments(node: exp.Anonymous, count: int) -> list[exp.Expression]:
    if len(node.expressions) != count:
        raise MedallionError(
            f"Msg 174: The {str(node.this).lower()} function requires {count} argument(s)."
        )
    return list(node.expressions)


def _moment(c: "Compiler", node: exp.Expression, function: str) -> Value:
    """A date argument. A text becomes a datetime2, as in SQL Server's newer functions."""
    value = c.value(node)
    if value.type == types.NULL:
        return convert(value, types.DATETIME)
    if value.type.name in TEXT:
        return convert(value, types.DATETIME2)
    if value.type.name in types.INTEGERS:
        return convert(value, types.DATETIME)
    if value.type.name not in MOMENTS:
        raise MedallionError(
            f"Msg 8116: Argument data type {value.type.name} is invalid for {function.lower()}."
        )
    return value


def _check(part: str, kind: Type, function: str) -> None:
    if (kind.name == "date" and part in _CLOCK) or (kind.name == "time" and part in _CALENDAR):
        raise MedallionError(
            f"Msg 9810: The datepart {part} is not supported by date function "
            f"{function.lower()} for data type {kind.name}."
        )


def _local(value: Value) -> str:
    """The value as a DuckDB timestamp; for a datetimeoffset its local time."""
    if value.type.name == "datetimeoffset":
        return f"ts_local({value.sql})"
    if value.type.name == "time":
        return f"(DATE '1900-01-01' + {value.sql})"
    return f"CAST({value.sql} AS TIMESTAMP)"


def _dateadd(c: "Compiler", node: exp.Anonymous) -> Value:
    named, amount, moment = _arguments(node, 3)
    part = _part(named, "dateadd")
    number = c.value(amount)
    count = f"CAST({convert(number, types.INT).sql} AS BIGINT)"
    value = c.value(moment)
    if value.type.name in TEXT:
        value = convert(value, types.DATETIME)
    else:
        value = _moment(c, moment, "dateadd")
    kind = value.type
    _check(part, kind, "dateadd")
    if part in ("iso_week", "tzoffset"):
        raise MedallionError(f"Msg 155: '{part}' is not a recognized dateadd option.")
    has_columns = number.has_columns or value.has_columns
    steps = {
        "year": f"to_months(CAST({count} * 12 AS INTEGER))",
        "quarter": f"to_months(CAST({count} * 3 AS INTEGER))",
        "month": f"to_months(CAST({count} AS INTEGER))",
        "week": f"to_days(CAST({count} * 7 AS INTEGER))",
        **dict.fromkeys(("day", "dayofyear", "weekday"), f"to_days(CAST({count} AS INTEGER))"),
        "hour": f"to_microseconds({count} * 3600000000)",
        "minute": f"to_microseconds({count} * 60000000)",
        "second": f"to_microseconds({count} * 1000000)",
        "millisecond": f"to_microseconds({count} * 1000)",
        "microsecond": f"to_microseconds({count})",
    }
    if part not in steps or (part == "microsecond" and kind.name in ("datetime", "smalldatetime")):
        raise unsupported(f"DATEADD of a {part}")
    if kind.name == "time":
        moved = f"CAST(DATE '1900-01-01' + {value.sql} + {steps[part]} AS TIME)"
        return Value(moved, kind, has_columns=has_columns)
    base = _local(value)
    moved = f"ts_in_range({base} + {steps[part]}, '{kind.name}')"
    if kind.name == "date":
        moved = f"CAST({moved} AS DATE)"
    elif kind.name in ("datetime", "smalldatetime"):
        # A datetime cannot hold a third of a millisecond: round the sum like any other value.
        message = f"Msg 517: Adding a value to a '{kind.name}' column caused an overflow."
        low, high = (
            ("1753-01-01", "9999-12-31")
            if kind.name == "datetime"
            else ("1900-01-01", "2079-06-06")
        )
        done = from_ticks(f"ts_of({moved})", kind)
        moved = (
            f"CASE WHEN CAST({moved} AS DATE) BETWEEN DATE '{low}' AND DATE '{high}' THEN {done} "
            f"WHEN {moved} IS NOT NULL THEN error({quote(message)}) END"
        )
    elif kind.name == "datetime2" and part in ("millisecond", "microsecond") and kind.scale < 6:
        moved = from_ticks(f"ts_of({moved})", kind)
    elif kind.name == "datetimeoffset":
        moved = f"ts_offset(ts_of({moved}), {value.sql}.minutes, true)"
    return Value(moved, kind, has_columns=has_columns)


def _difference(big: bool) -> Callable[["Compiler", exp.Anonymous], Value]:
    def make(c: "Compiler", node: exp.Anonymous) -> Value:
        named, first, last = _arguments(node, 3)
        part = _part(named, "datediff")
        if part in ("iso_week", "tzoffset", "nanosecond"):
            raise unsupported(f"DATEDIFF of {part}")
        a, b = _moment(c, first, "datediff"), _moment(c, last, "datediff")
        for value in (a, b):
            if value.type.name in ("date", "time"):
                continue
            _check(part, value.type, "datediff")
        if part in ("microsecond",) and {a.type.name, b.type.name} & {"datetime"}:
            raise unsupported("DATEDIFF of microseconds of a datetime")
        x, y = (f"({v.sql}).utc" if v.type.name == "datetimeoffset" else _local(v) for v in (a, b))
        word = {"dayofyear": "day", "weekday": "day"}.get(part, part)
        if word == "week":  # weeks begin on Sunday: DATEFIRST has no effect
            x, y = (f"(date_diff('day', DATE '0001-01-01', {v}) + 1) // 7" for v in (x, y))
            sql = f"({y} - {x})"
        else:
            sql = f"date_diff('{word}', {x}, {y})"
        kind = types.BIGINT if big else types.INT
        if not big:
            message = (
                "Msg 535: The datediff function resulted in an overflow. The number of dateparts "
                "separating two date/time instances is too large."
            )
            sql = (
                f"CASE WHEN abs({sql}) <= 2147483647 OR {sql} = -2147483648 THEN {sql} "
                f"WHEN {sql} IS NOT NULL THEN error({quote(message)}) END"
            )
        return Value(
            f"CAST({sql} AS {kind.engine})", kind, has_columns=a.has_columns or b.has_columns
        )

    return make


def _field(part: str, value: Value) -> str:
    """A part of a date as a DuckDB integer."""
    stamp = _local(value)
    if part == "tzoffset":
        if value.type.name != "datetimeoffset":
            raise MedallionError(
                "Msg 9810: The datepart tzoffset is not supported by date function datepart for "
                f"data type {value.type.name}."
            )
        return f"{value.sql}.minutes"
    second = f"(epoch_us({stamp}) - epoch_us(date_trunc('second', {stamp})))"
    if part == "week":  # week 1 contains 1 January; weeks begin on Sunday
        first = f"dayofweek(date_trunc('year', {stamp}))"
        return f"((dayofyear({stamp}) + {first} - 1) // 7 + 1)"
    return {
        "weekday": f"(dayofweek({stamp}) + 1)",
        "iso_week": f"weekofyear({stamp})",
        "millisecond": f"({second} // 1000)",
        "microsecond": second,
        "nanosecond": f"({second} * 1000)",
    }.get(part) or f"{part}({stamp})"


def _datepart(c: "Compiler", node: exp.Anonymous) -> Value:
    named, moment = _arguments(node, 2)
    part = _part(named, "datepart")
    value = _moment(c, moment, "datepart")
    _check(part, value.type, "datepart")
    if part in ("microsecond", "nanosecond") and value.type.name == "datetime":
        raise unsupported(f"DATEPART of {part} of a datetime")
    return value.become(f"CAST({_field(part, value)} AS INTEGER)", types.INT)


def _datename(c: "Compiler", node: exp.Anonymous) -> Value:
    named, moment = _arguments(node, 2)
    part = _part(named, "datename")
    value = _moment(c, moment, "datename")
    _check(part, value.type, "datename")
    kind = types.nvarchar(30)
    if part in ("month", "weekday"):
        function = "monthname" if part == "month" else "dayname"
        return value.become(f"{function}({_local(value)})", kind)
    if part == "tzoffset":
        return value.become(f"ts_zone_text({_field(part, value)})", kind)
    if part in ("microsecond", "nanosecond") and value.type.name == "datetime":
        raise unsupported(f"DATENAME of {part} of a datetime")
    return value.become(f"CAST({_field(part, value)} AS VARCHAR)", kind)


def _named_part(part: str) -> Callable[["Compiler", exp.Anonymous], Value]:
    def make(c: "Compiler", node: exp.Anonymous) -> Value:
        value = _moment(c, _arguments(node, 1)[0], part)
        _check(part, value.type, part)
        return value.become(f"CAST({_field(part, value)} AS INTEGER)", types.INT)

    return make


def _eomonth(c: "Compiler", node: exp.Anonymous) -> Value:
    value = _moment(c, node.expressions[0], "eomonth")
    date = convert(value, types.DATE).sql
    if len(node.expressions) == 2:
        months = convert(c.value(node.expressions[1]), types.INT).sql
        date = f"CAST(ts_in_range({date} + to_months({months}), 'date') AS DATE)"
    return value.become(f"last_day({date})", types.DATE)


def _fromparts(c: "Compiler", node: exp.Anonymous) -> Value:
    name = str(node.this).upper()
    values = [c.value(a) for a in node.expressions]
    counts = {"DATEFROMPARTS": 3, "DATETIMEFROMPARTS": 7, "SMALLDATETIMEFROMPARTS": 5}
    counts |= {"DATETIME2FROMPARTS": 8, "TIMEFROMPARTS": 5}
    _arguments(node, counts[name])
    numbers = [f"CAST({convert(v, types.INT).sql} AS BIGINT)" for v in values]
    has_columns = any(v.has_columns for v in values)
    message = quote(
        "Msg 289: Cannot construct data type, some of the arguments have values which are not "
        "valid."
    )
    day = "DATE '1900-01-01'"
    rest = numbers
    tests = []
    if name != "TIMEFROMPARTS":
        text = " || ".join(
            [f"lpad(CAST({numbers[0]} AS VARCHAR), 4, '0')"]
            + [f"lpad(CAST({n} AS VARCHAR), 2, '0')" for n in numbers[1:3]]
        )
        tests.append(f"{numbers[0]} BETWEEN 1 AND 9999 AND {numbers[1]} BETWEEN 1 AND 12")
        tests.append(f"{numbers[2]} BETWEEN 1 AND 31")
        day = f"CAST(try_strptime({text}, '%Y%m%d') AS DATE)"
        tests.append(f"{day} IS NOT NULL")
        rest = numbers[3:]
    some_null = " OR ".join(f"{n} IS NULL" for n in numbers)
    ticks_of = f"ts_of(CAST({day} AS TIMESTAMP))"
    kind: Type = types.DATE
    if rest:
        hour, minute = rest[0], rest[1]
        second = rest[2] if len(rest) > 2 else "0"
        tests.append(f"{hour} BETWEEN 0 AND 23 AND {minute} BETWEEN 0 AND 59")
        tests.append(f"{second} BETWEEN 0 AND 59")
        ticks_of += f" + ({hour} * 3600 + {minute} * 60 + {second}) * 10000000"
        kind = Type("smalldatetime")
        if name == "DATETIMEFROMPARTS":
            tests.append(f"{rest[3]} BETWEEN 0 AND 999")
            ticks_of += f" + {rest[3]} * 10000"
            kind = types.DATETIME
        elif name in ("DATETIME2FROMPARTS", "TIMEFROMPARTS"):
            precision = values[-1].constant
            if precision is None or not precision.isdigit() or int(precision) > 7:
                raise unsupported(f"{name} with a precision that is not a constant from 0 to 7")
            scale = int(precision)
            tests.append(f"{rest[3]} BETWEEN 0 AND {10**scale - 1}")
            ticks_of += f" + {rest[3]} * {10 ** (7 - scale)}"
            kind = Type("time" if name == "TIMEFROMPARTS" else "datetime2", scale=scale)
    sql = (
        f"CASE WHEN {some_null} THEN NULL WHEN {' AND '.join(tests)} "
        f"THEN {from_ticks(f'({ticks_of})', kind)} ELSE error({message}) END"
    )
    return Value(sql, kind, has_columns=has_columns)


def _datetrunc(c: "Compiler", node: exp.Anonymous) -> Value:
    named, moment = _arguments(node, 2)
    part = _part(named, "datetrunc")
    value = _moment(c, moment, "datetrunc")
    kind = value.type
    _check(part, kind, "datetrunc")
    if part in ("weekday", "tzoffset", "nanosecond") or (
        kind.name in ("datetime", "smalldatetime") and part in ("microsecond", "millisecond")
    ):
        raise unsupported(f"DATETRUNC by {part} of {kind.name}")
    stamp = _local(value)
    if part == "week":
        cut = f"(date_trunc('week', {stamp} + INTERVAL 1 DAY) - INTERVAL 1 DAY)"
    else:
        word = {"iso_week": "week", "dayofyear": "day"}.get(part, part)
        cut = f"CAST(date_trunc('{word}', {stamp}) AS TIMESTAMP)"
    if kind.name in ("date", "time"):
        return value.become(f"CAST({cut} AS {kind.engine})", kind)
    if kind.name == "datetimeoffset":
        return value.become(f"ts_offset(ts_of({cut}), {value.sql}.minutes, true)", kind)
    return value.become(f"CAST({cut} AS TIMESTAMP)", kind)


def _minutes(value: Value) -> str:
    """An offset, given as '+02:00' or in minutes."""
    if value.type.name in TEXT:
        message = "Msg 9812: The timezone provided to builtin function is invalid."
        return (
            f"CASE WHEN regexp_full_match({value.sql}, '[+-]\\d{{2}}:\\d{{2}}') "
            f"THEN coalesce(ts_zone({value.sql}), error({quote(message)})) "
            f"WHEN {value.sql} IS NOT NULL THEN error({quote(message)}) END"
        )
    number = convert(value, types.INT).sql
    message = "Msg 9812: The timezone provided to builtin function is invalid."
    return (
        f"CASE WHEN {number} BETWEEN -840 AND 840 THEN {number} "
        f"WHEN {number} IS NOT NULL THEN error({quote(message)}) END"
    )


def _switchoffset(c: "Compiler", node: exp.Anonymous) -> Value:
    moment, offset = (c.value(a) for a in _arguments(node, 2))
    value = moment
    if value.type.name in TEXT or value.type.name != "datetimeoffset":
        value = convert(value, types.DATETIMEOFFSET)
    minutes = _minutes(offset)
    sql = f"ts_offset(ts_of({value.sql}.utc) + {minutes} * 600000000::BIGINT, {minutes}, true)"
    return Value(sql, value.type, has_columns=value.has_columns or offset.has_columns)


def _todatetimeoffset(c: "Compiler", node: exp.Anonymous) -> Value:
    value, offset = (c.value(a) for a in _arguments(node, 2))
    if value.type.name in TEXT:
        value = convert(value, types.DATETIME2)
    if value.type.name not in MOMENTS - {"time"}:
        raise unsupported(f"TODATETIMEOFFSET of {value.type.name}")
    scale = value.type.scale if value.type.name in types.SCALED else 7
    kind = Type("datetimeoffset", scale=3 if value.type.name == "datetime" else scale)
    minutes = _minutes(offset)
    sql = f"ts_offset(ts_of({_local(value)}), {minutes}, true)"
    return Value(sql, kind, has_columns=value.has_columns or offset.has_columns)


def _isdate(c: "Compiler", node: exp.Anonymous) -> Value:
    value = c.value(_arguments(node, 1)[0])
    if value.type.name not in TEXT:
        raise unsupported(f"ISDATE of {value.type.name}")
    done = convert(value, types.DATETIME, attempt=True).sql
    # A blank text converts to a datetime, but it is not a date.
    test = f"{done} IS NULL OR trim({value.sql}, ' ') = ''"
    return value.become(f"CASE WHEN {test} THEN 0 ELSE 1 END", types.INT)


FUNCTIONS: dict[str, Callable[["Compiler", exp.Anonymous], Value]] = {
    "DATEADD": _dateadd,
    "DATEDIFF": _difference(False),
    "DATEDIFF_BIG": _difference(True),
    "DATEPART": _datepart,
    "DATENAME": _datename,
    "YEAR": _named_part("year"),
    "MONTH": _named_part("month"),
    "DAY": _named_part("day"),
    "EOMONTH": _eomonth,
    "DATEFROMPARTS": _fromparts,
    "DATETIMEFROMPARTS": _fromparts,
    "DATETIME2FROMPARTS": _fromparts,
    "SMALLDATETIMEFROMPARTS": _fromparts,
    "TIMEFROMPARTS": _fromparts,
    "DATETRUNC": _datetrunc,
    "SWITCHOFFSET": _switchoffset,
    "TODATETIMEOFFSET": _todatetimeoffset,
    "ISDATE": _isdate,
}

__all__ = ["FUNCTIONS", "ticks"]
