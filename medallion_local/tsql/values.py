"""A compiled expression, and the conversion of its value to another type.

https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql
"""

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from medallion.errors import MedallionError
from medallion_local.tsql import types
from medallion_local.tsql.behaviour import AZURE_SQL, Behaviour
from medallion_local.tsql.errors import DATE_TEXT, unsupported
from medallion_local.tsql.types import (
    BINARY,
    FLOATS,
    INTEGERS,
    MAX,
    MOMENTS,
    MONEY,
    NATIONAL,
    NUMBERS,
    SCALED,
    TEXT,
    Type,
)

RANGES = {
    "tinyint": (0, 255),
    "smallint": (-(2**15), 2**15 - 1),
    "int": (-(2**31), 2**31 - 1),
    "bigint": (-(2**63), 2**63 - 1),
}
SIZES = {"bit": 1, "tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}
MONEY_RANGES = {
    "money": ("-922337203685477.5808", "922337203685477.5807"),
    "smallmoney": ("-214748.3648", "214748.3647"),
}
# Styles of dates as text, as strftime patterns.
DATE_STYLES = {
    1: "%m/%d/%y", 101: "%m/%d/%Y", 2: "%y.%m.%d", 102: "%Y.%m.%d", 3: "%d/%m/%y",
    103: "%d/%m/%Y", 4: "%d.%m.%y", 104: "%d.%m.%Y", 5: "%d-%m-%y", 105: "%d-%m-%Y",
    10: "%m-%d-%y", 110: "%m-%d-%Y", 11: "%y/%m/%d", 111: "%Y/%m/%d", 12: "%y%m%d",
    112: "%Y%m%d", 23: "%Y-%m-%d",
}  # fmt: skip
MOMENT_STYLES = {0, 100, 8, 108, 20, 120, 21, 25, 121, 126, 127, *DATE_STYLES}
_READ_STYLES = {20, 21, 23, 112, 120, 121, 126, 127}
_NUMBER = r"\s*[+-]?(\d+\.?\d*|\.\d+)\s*"
_FLOAT = r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*"
_DAY = r"\d{4}-\d{2}-\d{2}"
_SECOND = rf"{_DAY}([ T]\d{{2}}:\d{{2}}:\d{{2}})?"
_MONEY = r"\s*[+-]?\$?(\d[\d,]*\.?\d*|\.\d+)\s*"


@dataclass(frozen=True)
class Value:
    """An expression: its DuckDB text and its T-SQL type.

    `constant` is the text of a literal; `digits` is the number of digits of an integer literal;
    `has_columns` is whether its value depends on the row.
    """

    sql: str
    type: Type
    constant: str | None = None
    digits: int | None = None
    has_columns: bool = False

    def become(self, sql: str, kind: Type) -> "Value":
        """Another expression that depends on the same columns."""
        return Value(sql, kind, has_columns=self.has_columns)


def quote(text: str) -> str:
    """A text as a DuckDB literal."""
    return "'" + text.replace("'", "''") + "'"


def sized(action: str, kind: Type) -> str:
    """The macro that cuts (`cut`), pads (`pad`) or measures (`units`) texts of a type."""
    return f"ts_{action}" if kind.name in NATIONAL else f"ts_v_{action}"


def literal(text: str, national: bool = False, behaviour: Behaviour = AZURE_SQL) -> Value:
    """A T-SQL text literal."""
    size = len(text.encode("utf-16-le")) // 2
    if behaviour.is_utf8 and not national:
        size = len(text.encode())
    kind = Type("nvarchar" if national else "varchar", max(size, 1))
    if not national and not behaviour.is_utf8:
        try:
            text.encode("cp1252")
        except UnicodeEncodeError:
            raise MedallionError(
                f"the text {text!r} has characters outside of code page 1252, which varchar cannot "
                f"hold: write N'{text}'"
            ) from None
    if kind.length > kind.limit:
        kind = Type(kind.name, MAX)
    return Value(quote(text), kind, constant=text)


_LONG = 100  # an expression of more characters is computed once, by name
_names = itertools.count(1)


def bound(value: Value, make: Callable[[Value], Value]) -> Value:
    """The result of `make`, in which a long expression occurs only once."""
    if len(value.sql) < _LONG or value.constant is not None:
        return make(value)
    name = f"_b{next(_names)}"
    done = make(replace(value, sql=name))
    if done.sql.count(name) < 2:
        return replace(done, sql=done.sql.replace(name, value.sql))
    return replace(done, sql=f"list_transform([{value.sql}], lambda {name}: {done.sql})[1]")


def convert(value: Value, to: Type, style: int | None = None, attempt: bool = False) -> Value:
    """CAST or CONVERT. With `attempt`, TRY_CAST: NULL if the conversion fails."""
    return bound(value, lambda one: _converted(one, to, style, attempt))


def _converted(value: Value, to: Type, style: int | None, attempt: bool) -> Value:
    source = value.type
    if source == types.NULL:
        return value.become(f"CAST(NULL AS {to.engine})", to)
    if source == to and style is None:
        return value
    if to.name in TEXT:
        return value.become(_to_text(value, to, style, attempt), to)
    if to.name in BINARY:
        return value.become(_to_binary(value, to, style, attempt), to)
    if style is not None and not (
        (
            source.name in TEXT
            and to.name in MOMENTS
            and style in (20, 21, 23, 112, 120, 121, 126, 127)
        )
        or to.name not in MOMENTS
        or (source.name in MOMENTS)
    ):
        raise unsupported(f"CONVERT from {source.name} to {to.name} with style {style}")
    if to.name in MOMENTS:
        return value.become(_to_moment(value, to, attempt), to)
    if to.name == "uniqueidentifier":
        if source.name in TEXT:
            return value.become(f"ts_text_uuid({value.sql}, {_strict(attempt)})", to)
    elif to.name == "bit":
        return value.become(_to_bit(value, attempt), to)
    elif to.name in INTEGERS:
        return value.become(_to_integer(value, to, attempt), to)
    elif to.name in NUMBERS:
        return value.become(_to_number(value, to, attempt), to)
    raise _forbidden(source, to)


def assign(value: Value, to: Type, place: str) -> Value:
    """The value as an INSERT or UPDATE stores it. Raises if a text or binary is too long."""
    return bound(value, lambda one: _assigned(one, to, place))


def _assigned(value: Value, to: Type, place: str) -> Value:
    source = value.type
    if not types.converts(source, to):
        raise MedallionError(
            f"Msg 257: Implicit conversion from data type {source.name} to {to.name} is not "
            f"allowed ({place}). Use the CONVERT function to run this query."
        )
    if to.name in TEXT and source.name in TEXT and to.length != MAX:
        varying = "nvarchar" if to.name in NATIONAL else "varchar"
        text = convert(value, Type(varying, MAX)).sql
        # Trailing blanks are removed without an error.
        message = quote(
            f"Msg 2628: String or binary data would be truncated in {place}; truncated value: "
        )
        measure = sized("units", to)
        cut = f"{sized('cut', to)}({text}, {to.length})"
        checked = (
            f"CASE WHEN {measure}({text}) <= {to.length} THEN {text} "
            f"WHEN {measure}(rtrim({text}, ' ')) <= {to.length} THEN {cut} "
            f"ELSE error({message} || '''' || left({text}, {to.length}) || '''.') END"
        )
        if _fits(source, to):
            checked = text
        if to.name in ("char", "nchar"):
            checked = f"{sized('pad', to)}({checked}, {to.length})"
        return value.become(checked, to)
    if to.name in TEXT and source.name not in TEXT and to.length != MAX:
        # Here a number that does not fit is an error, not an asterisk.
        return value.become(_to_text(value, to, None, False, assigned=True), to)
    if to.name in BINARY and source.name in BINARY and to.length != MAX:
        message = quote(f"Msg 2628: String or binary data would be truncated in {place}.")
        checked = (
            f"CASE WHEN octet_length({value.sql}) > {to.length} THEN error({message}) "
            f"ELSE {value.sql} END"
        )
        return convert(value.become(checked, Type("varbinary", MAX)), to)
    return convert(value, to)


def _fits(source: Type, to: Type) -> bool:
    """Whether a text of one type is never too long for the other. Bytes are more than units."""
    is_narrowed = source.name in NATIONAL and to.name not in NATIONAL
    return source.length != MAX and source.length <= to.length and not is_narrowed


def _strict(attempt: bool) -> str:
    return "false" if attempt else "true"


def _cast(sql: str, engine: str, attempt: bool) -> str:
    return f"{'TRY_CAST' if attempt else 'CAST'}({sql} AS {engine})"


def _forbidden(source: Type, to: Type) -> MedallionError:
    return MedallionError(
        f"Msg 529: Explicit conversion from data type {source.name} to {to.name} is not allowed."
    )


def _to_bit(value: Value, attempt: bool) -> str:
    if value.type.name in NUMBERS:
        return f"({value.sql} <> 0)"
    if value.type.name in TEXT:
        return f"ts_text_bit({value.sql}, '{value.type.name}', {_strict(attempt)})"
    if value.type.name in BINARY:
        return f"(ts_unsigned({value.sql}, 1) <> 0)"
    raise _forbidden(value.type, types.BIT)


def _to_integer(value: Value, to: Type, attempt: bool) -> str:
    source, sql = value.type, value.sql
    if source.name in TEXT:
        low, high = RANGES[to.name]
        checked = (
            f"ts_text_int({sql}, {low}, {high}, '{to.name}', '{source.name}', {_strict(attempt)})"
        )
        return f"CAST({checked} AS {to.engine})"
    if source.name in BINARY:
        return f"CAST(ts_signed({sql}, {SIZES[to.name]}) AS {to.engine})"
    if source.name in FLOATS or source.name == "decimal":
        return _cast(f"trunc({sql})", to.engine, attempt)
    if source.name in MONEY:
        return _cast(f"round({sql}, 0)", to.engine, attempt)
    if source.name in INTEGERS or source.name == "bit":
        return _cast(sql, to.engine, attempt)
    if source.name in ("datetime", "smalldatetime"):
        raise unsupported(f"A cast of {source.name} to {to.name}")
    raise _forbidden(source, to)


def _to_number(value: Value, to: Type, attempt: bool) -> str:
    source, sql = value.type, value.sql
    if source.name in TEXT:
        pattern = _FLOAT if to.name in FLOATS else _MONEY if to.name in MONEY else _NUMBER
        if to.name in FLOATS | MONEY:
            pattern = rf"{pattern}|\s*"
        text = (
            f"ts_text_number({sql}, {quote(pattern)}, '{to.name.replace('decimal', 'numeric')}', "
            f"'{source.name}', {_strict(attempt)})"
        )
        if to.name in FLOATS | MONEY:
            text = f"coalesce(nullif({text}, ''), CASE WHEN {sql} IS NOT NULL THEN '0' END)"
            if attempt:
                text = f"CASE WHEN regexp_full_match({sql}, {quote(pattern)}) THEN {text} END"
        if to.name in FLOATS:
            return f"ts_finite({_cast(text, to.engine, attempt)}, '{to.name}')"
        return (
            _in_money(_cast(text, "DECIMAL(38,4)", attempt), to, attempt)
            if (to.name in MONEY)
            else _cast(text, to.engine, attempt)
        )
    if source.name in BINARY:
        raise unsupported(f"A cast of {source.name} to {to.name}")
    if source.name not in NUMBERS:
        raise _forbidden(source, to)
    if source.name == "bit":
        sql = f"CAST({sql} AS INTEGER)"
    if to.name in FLOATS:
        return f"ts_finite({_cast(sql, to.engine, attempt)}, '{to.name}')"
    if source.name in FLOATS and to.scale > 15:
        raise unsupported(f"A cast of {source.name} to {to.text}, of more than 15 digits,")
    engine = "DECIMAL(38,4)" if to.name in MONEY else to.engine
    done = _cast(sql, engine, attempt)
    if source.name in FLOATS:
        # The binary value and its 15 digits can lie on two sides of a half.
        digits = _cast(f"printf('%.14e', CAST({sql} AS DOUBLE))", engine, attempt)
        done = f"ts_certain({done}, {digits})"
    return _in_money(done, to, attempt) if to.name in MONEY else done


def _constant_moment(value: Value, to: Type) -> str | None:
    """DuckDB's literal of a text that is a date, or a date and time without a fraction.

    The files of a partitioned table are chosen by literals alone.
    """
    text = value.constant or ""
    pattern = _DAY if to.name == "date" else _SECOND
    if value.type.name not in TEXT or to.name not in ("date", "datetime2"):
        return None
    if not re.fullmatch(pattern, text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if to.name == "date":
        return f"DATE '{moment.date().isoformat()}'"
    return f"TIMESTAMP '{moment.isoformat(' ')}'"


def _in_money(sql: str, to: Type, attempt: bool) -> str:
    low, high = MONEY_RANGES[to.name]
    checked = f"ts_between({sql}, {low}, {high}, '{to.name}', {_strict(attempt)})"
    return f"CAST({checked} AS {to.engine})"


def ticks(value: Value, attempt: bool = False, to: Type | None = None) -> str:
    """The moment of a date, time or text in ticks; for a datetimeoffset its local time."""
    source, sql = value.type, value.sql
    if source.name in TEXT:
        fraction = 3 if to is not None and to.name in ("datetime", "smalldatetime") else 7
        zoned = "true" if to is not None and to.name == "datetimeoffset" else "false"
        return f"ts_ticks({sql}, {fraction}, {zoned}, {_strict(attempt)})"
    if source.name == "datetimeoffset":
        return f"ts_of(ts_local({sql}))"
    if source.name == "datetime":
        return f"ts_of_datetime({sql})"
    if source.name == "date":
        return f"ts_of(CAST({sql} AS TIMESTAMP))"
    if source.name == "time":
        return f"ts_of_time({sql})"
    if source.name in ("datetime2", "smalldatetime"):
        return f"ts_of({sql})"
    raise unsupported(f"A cast of {source.name} to a date or time")


def utc_ticks(value: Value) -> str:
    """The moment in ticks; a type without an offset is UTC."""
    if value.type.name == "datetimeoffset":
        return f"ts_of(({value.sql}).utc)"
    return ticks(value)


def from_ticks(sql: str, to: Type, attempt: bool = False) -> str:
    """A moment in ticks as a type without an offset, rounded as SQL Server rounds to the type."""
    strict = _strict(attempt)
    if to.name == "date":
        return f"ts_date({sql})"
    if to.name in ("datetime", "smalldatetime"):
        return f"ts_{to.name}({sql}, {strict})"
    rounded = sql if to.scale == 7 else f"ts_rounded({sql}, {10 ** (7 - to.scale)})"
    return f"ts_clock({rounded})" if to.name == "time" else f"ts_stamp({rounded}, {strict})"


def _to_moment(value: Value, to: Type, attempt: bool) -> str:
    source = value.type
    if source.name in NUMBERS and to.name in ("datetime", "smalldatetime"):
        if source.name not in INTEGERS:
            raise unsupported(f"A cast of {source.name} to {to.name}")
        days = f"599266080000000000 + CAST({value.sql} AS BIGINT) * 864000000000"
        return from_ticks(f"({days})", to, attempt)
    if source.name not in TEXT | MOMENTS:
        raise _forbidden(source, to)
    if {source.name, to.name} == {"date", "time"}:
        raise _forbidden(source, to)
    constant = _constant_moment(value, to)
    if constant is not None:
        return constant
    keeps = source.name in ("smalldatetime", "date") or (
        source.name == "datetime2" and source.scale <= to.scale
    )
    if keeps and to.name == "datetime2":
        return f"CAST({value.sql} AS TIMESTAMP)"
    moment = ticks(value, attempt, to)
    if to.name != "datetimeoffset":
        return from_ticks(moment, to, attempt)
    rounded = moment if to.scale == 7 else f"ts_rounded({moment}, {10 ** (7 - to.scale)})"
    zone = "0"
    if source.name in TEXT:
        zone = f"ts_zone(ts_parts({value.sql}).z)"
    elif source.name == "datetimeoffset":
        zone = f"{value.sql}.minutes"
    return f"ts_offset({rounded}, {zone}, {_strict(attempt)})"


def _to_text(
    value: Value, to: Type, style: int | None, attempt: bool, assigned: bool = False
) -> str:
    source = value.type
    national = to.name in NATIONAL
    text, fits = _plain_text(value, to, style, attempt)
    if source.name in NATIONAL and not national:
        text = f"ts_narrow({text})"
    if to.length == MAX:
        return text
    if source.name in TEXT or source.name in BINARY:
        # A text is cut; so are most dates.
        cut = f"{sized('cut', to)}({text}, {to.length})"
        text = text if source.name in TEXT and _fits(source, to) else cut
    elif source.name in MOMENTS:
        text = f"left({text}, {to.length})"
    elif fits:
        longest = {"tinyint": 3, "smallint": 6, "int": 11, "bit": 1}.get(source.name)
        if longest is None or longest > to.length:
            if source.name in ("tinyint", "smallint", "int") and not (national or assigned):
                text = f"ts_star({text}, {to.length})"
            elif attempt:
                text = f"CASE WHEN length({text}) <= {to.length} THEN {text} END"
            else:
                message = (
                    f"Msg 8115: Arithmetic overflow error converting {source.name} to data type "
                    f"{to.name}."
                )
                text = f"ts_fits({text}, {to.length}, {quote(message)})"
    return f"{sized('pad', to)}({text}, {to.length})" if to.name in ("char", "nchar") else text


def _plain_text(value: Value, to: Type, style: int | None, attempt: bool) -> tuple[str, bool]:
    """The text before the length is applied, and whether it must fit."""
    source, sql = value.type, value.sql
    if source.name in TEXT:
        return sql, False
    if source.name in MOMENTS:
        return _moment_text(value, style), False
    if source.name in BINARY:
        if style in (1, 2):
            return f"{quote('0x') + ' || ' if style == 1 else ''}hex({sql})", False
        if style not in (None, 0) or to.name in NATIONAL:
            raise unsupported(f"CONVERT of {source.name} to {to.name} with style {style or 0}")
        return f"ts_from_bytes({sql})", False
    if source.name in FLOATS:
        if style in (1, 2):
            return f"ts_exponent(printf('%.{7 if style == 1 else 15}e', {sql}))", True
        if style not in (None, 0):
            raise unsupported(f"CONVERT of {source.name} with style {style}")
        return f"ts_float_text(CAST({sql} AS DOUBLE))", True
    if source.name in MONEY:
        if style in (None, 0):
            return f"CAST(CAST({sql} AS DECIMAL(19,2)) AS VARCHAR)", True
        if style == 2:
            return f"CAST({sql} AS VARCHAR)", True
        if style == 1:
            return f"format('{{:,.2f}}', CAST({sql} AS DECIMAL(19,2)))", True
        raise unsupported(f"CONVERT of {source.name} with style {style}")
    if source.name == "uniqueidentifier":
        return f"upper(CAST({sql} AS VARCHAR))", True
    if source.name == "bit":
        return f"CAST(CAST({sql} AS INTEGER) AS VARCHAR)", True
    return f"CAST({sql} AS VARCHAR)", True


def _moment_text(value: Value, style: int | None) -> str:
    """A date or time as text. https://learn.microsoft.com/sql/t-sql/functions/cast-and-convert-transact-sql#date-and-time-styles"""
    source, sql = value.type, value.sql
    name = source.name
    if style is None:
        style = 0 if name in ("datetime", "smalldatetime") else 121
    if style not in MOMENT_STYLES:
        raise unsupported(f"CONVERT of {name} with style {style}")
    scale = source.scale if name in SCALED else 3 if name == "datetime" else 0
    if name == "time":
        stamp = f"(DATE '1970-01-01' + {sql})"
        clock = f"strftime({stamp}, '%H:%M:%S')"
        if style in (8, 108, 20, 120):
            return clock
        if style in (21, 25, 121, 126, 127):
            digits = "ts_digits_or_none" if style in (126, 127) else "ts_digits"
            return f"{clock} || {digits}({stamp}, {scale})"
        raise unsupported(f"CONVERT of time with style {style}")
    if name == "datetimeoffset" and style == 127:
        return (
            f"ts_ymd({sql}.utc) || strftime({sql}.utc, 'T%H:%M:%S') "
            f"|| ts_digits_or_none({sql}.utc, {scale}) || 'Z'"
        )
    stamp = f"ts_local({sql})" if name == "datetimeoffset" else sql
    if style in DATE_STYLES:
        pattern = DATE_STYLES[style].replace("%Y", "{Y}")
        parts = " || ".join(
            f"ts_year({stamp})" if part == "{Y}" else f"strftime({stamp}, '{part}')"
            for part in _split(pattern)
        )
        return parts
    if name == "date":
        if style in (0, 100):
            return f"left(ts_style0({stamp}), 11)"
        if style in (8, 108):
            raise MedallionError(DATE_TEXT.replace("241", "9809"))
        return f"ts_ymd({stamp})"
    zone = f" || ' ' || ts_zone_text({sql}.minutes)" if name == "datetimeoffset" else ""
    if style in (0, 100):
        return f"ts_style0({stamp}){zone}"
    clock = f"strftime({stamp}, '%H:%M:%S')"
    if style in (8, 108):
        return clock
    if style in (20, 120):
        return f"ts_ymd({stamp}) || ' ' || {clock}{zone}"
    if style in (21, 25, 121):
        digits = (
            f"ts_digits({stamp}, 3)" if name == "smalldatetime" else f"ts_digits({stamp}, {scale})"
        )
        return f"ts_ymd({stamp}) || ' ' || {clock} || {digits}{zone}"
    digits = f"ts_digits_or_none({stamp}, {scale})"
    if name == "datetimeoffset":
        zone = f" || ts_zone_text({sql}.minutes)"
    return f"ts_ymd({stamp}) || 'T' || {clock} || {digits}{zone}"


def _split(pattern: str) -> list[str]:
    before, found, after = pattern.partition("{Y}")
    return [part for part in (before, found, after) if part]


def _to_binary(value: Value, to: Type, style: int | None, attempt: bool) -> str:
    source, sql = value.type, value.sql
    if source.name in TEXT:
        if style == 1:
            message = "Msg 8114: Error converting data type varchar to varbinary."
            sql = (
                f"CASE WHEN {sql}[1 : 2] IN ('0x', '0X') "
                f"THEN ts_hex({sql}[3 :], {_strict(attempt)}) "
                f"WHEN {sql} IS NOT NULL AND {_strict(attempt)} THEN error({quote(message)}) END"
            )
        elif style == 2:
            sql = f"ts_hex({sql}, {_strict(attempt)})"
        elif style in (None, 0):
            sql = f"ts_utf16({sql})" if source.name in NATIONAL else f"ts_encoded({sql})"
        else:
            raise unsupported(f"CONVERT of {source.name} to {to.name} with style {style}")
    elif source.name in SIZES:
        size = SIZES[source.name]
        if source.name == "bit":
            sql = f"CAST({sql} AS INTEGER)"
        if to.name == "varbinary" and (to.length == MAX or to.length > size):
            return f"ts_of_int({sql}, {size})"
        return f"ts_of_int({sql}, {to.length})"
    elif source.name not in BINARY:
        raise unsupported(f"A cast of {source.name} to {to.name}")
    if to.length == MAX:
        return sql
    if to.name == "binary":
        return f"ts_fixed({sql}, {to.length})"
    short = source.name in BINARY and source.length != MAX and source.length <= to.length
    return sql if short else f"ts_varying({sql}, {to.length})"
