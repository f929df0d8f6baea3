"""Arithmetic by SQL Server's types: integers overflow; decimals have a precision and a scale."""

from medallion.errors import MedallionError
from medallion_local.tsql import types
from medallion_local.tsql.errors import unsupported
from medallion_local.tsql.types import FLOATS, INTEGERS, MOMENTS, MONEY, NUMBERS, TEXT, Type
from medallion_local.tsql.values import MONEY_RANGES, RANGES, Value, convert


def constant(text: str) -> Value:
    """A number literal: int; numeric if it is too long or has a point; or float."""
    bare = text.lstrip("-")
    if "e" in bare.lower():
        return Value(f"CAST('{text}' AS DOUBLE)", types.FLOAT, constant=text)
    if "." not in bare:
        number = int(text)
        digits = len(str(abs(number)))
        # -2147483648 is the negation of a numeric, so it is numeric.
        if abs(number) < 2**31:
            return Value(f"CAST({text} AS INTEGER)", types.INT, constant=text, digits=digits)
        kind = types.decimal(digits, 0)
        if digits > 38:
            raise MedallionError(f"Msg 1007: The number '{text}' is out of the range for numeric.")
        return Value(f"CAST('{text}' AS {kind.engine})", kind, constant=text, digits=digits)
    whole, _, fraction = bare.partition(".")
    whole = whole.lstrip("0")
    precision = max(len(whole) + len(fraction), 1)
    if precision > 38:
        raise MedallionError(f"Msg 1007: The number '{text}' is out of the range for numeric.")
    kind = types.decimal(precision, len(fraction))
    return Value(f"CAST('{text}' AS {kind.engine})", kind, constant=text)


def money_constant(text: str) -> Value:
    """`$12.5`, which sqlglot parses as a name."""
    raise unsupported(f"The money literal {text}")


def exact(value: Value) -> Value:
    """A number converted to the decimal type that holds it."""
    if value.type.name == "decimal":
        return value
    kind = types.as_decimal(value.type, value.digits)
    sql = f"CAST({value.sql} AS INTEGER)" if value.type.name == "bit" else value.sql
    return value.become(f"CAST({sql} AS {kind.engine})", kind)


def negate(value: Value, what: str) -> Value:
    """Unary minus."""
    if value.type == types.NULL:
        return value
    if value.type.name not in NUMBERS - {"bit"}:
        raise _clash(value.type, value.type, what)
    if value.type.name == "tinyint":
        value = convert(value, Type("smallint"))
    return value.become(f"(-{value.sql})", value.type)


def arithmetic(operator: str, left: Value, right: Value, what: str) -> Value:
    """`+ - * / %` of two values."""
    a, b = left.type, right.type
    has_columns = left.has_columns or right.has_columns
    if types.NULL in (a, b):
        other = b if a == types.NULL else a
        kind = other if other != types.NULL else types.INT
        if kind.name in MOMENTS | {"bit", "uniqueidentifier"}:
            raise unsupported(f"The expression {what}")
        return Value(f"CAST(NULL AS {kind.engine})", kind)
    if {a.name, b.name} & MOMENTS:
        return _moment(operator, left, right, what)
    if a.name in TEXT and b.name in TEXT:
        raise MedallionError(
            f"Msg 402: The data types {a.name} and {b.name} are incompatible in {what}."
        )
    if a.name in TEXT:
        left = convert(left, b)
        a = b
    elif b.name in TEXT:
        right = convert(right, a)
        b = a
    if {a.name, b.name} & types.BINARY:
        raise unsupported(f"The expression {what} of binary")
    if a.name not in NUMBERS or b.name not in NUMBERS:
        raise _clash(a, b, what)
    if a.name == "bit" and b.name == "bit":
        raise MedallionError(f"Msg 402: The data types bit and bit are incompatible in {what}.")
    kind = a if a.rank <= b.rank else b
    if kind.name in FLOATS:
        if operator == "%":
            raise MedallionError(
                f"Msg 402: float is incompatible with the modulo operator: {what}."
            )
        x, y = convert(left, kind).sql, convert(right, kind).sql
        sql = f"ts_fdiv({x}, {y})" if operator == "/" else f"({x} {operator} {y})"
        return Value(f"ts_finite({sql}, '{kind.name}')", kind, has_columns=has_columns)
    if kind.name == "decimal":
        return _decimals(operator, exact(left), exact(right), what, has_columns)
    if kind.name in MONEY:
        return _money(operator, convert(left, kind), convert(right, kind), kind, what, has_columns)
    x, y = convert(left, kind).sql, convert(right, kind).sql
    if operator in "/%":
        macro = "ts_div" if operator == "/" else "ts_mod"
        return Value(f"CAST({macro}({x}, {y}) AS {kind.engine})", kind, has_columns=has_columns)
    return Value(f"({x} {operator} {y})", kind, has_columns=has_columns)


def _decimals(operator: str, left: Value, right: Value, what: str, has_columns: bool) -> Value:
    a, b = left.type, right.type
    kind = types.arithmetic(operator, a, b)
    if operator in "+-":
        if kind.scale < max(a.scale, b.scale):
            raise unsupported(f"{what}, whose digits do not fit into 38,")
        x, y = (f"CAST({v.sql} AS {kind.engine})" for v in (left, right))
        sql = f"({x} {operator} {y})"
    elif operator == "*":
        if kind.scale < a.scale + b.scale:
            raise unsupported(f"{what}, whose digits do not fit into 38,")
        if a.precision + b.precision <= 38:
            sql = f"({left.sql} * {right.sql})"
        else:
            units = f"(ts_unscaled({left.sql}) * ts_unscaled({right.sql}))"
            sql = f"ts_scaled({units}, {kind.scale})"
    elif operator == "/":
        shift = kind.scale - a.scale + b.scale
        units = f"ts_div(ts_unscaled({left.sql}) * {_power(shift)}, ts_unscaled({right.sql}))"
        sql = f"ts_scaled({units}, {kind.scale})"
    else:
        scale = kind.scale
        x = f"ts_unscaled({left.sql}) * {_power(scale - a.scale)}"
        y = f"ts_unscaled({right.sql}) * {_power(scale - b.scale)}"
        sql = f"ts_scaled(ts_mod({x}, {y}), {scale})"
    return Value(f"CAST({sql} AS {kind.engine})", kind, has_columns=has_columns)


def _power(exponent: int) -> str:
    return f"CAST('1{'0' * exponent}' AS HUGEINT)"


def in_money(sql: str, kind: Type) -> str:
    """A decimal(38,4) as money, which has a smaller range."""
    low, high = MONEY_RANGES[kind.name]
    return f"CAST(ts_between({sql}, {low}, {high}, '{kind.name}', true) AS {kind.engine})"


def _money(
    operator: str, left: Value, right: Value, kind: Type, what: str, has_columns: bool
) -> Value:
    x, y = (f"CAST({v.sql} AS DECIMAL(38,4))" for v in (left, right))
    if operator in "+-":
        sql = f"({x} {operator} {y})"
    else:
        n, m = f"ts_unscaled({left.sql})", f"ts_unscaled({right.sql})"
        units = {
            "*": f"ts_half({n} * {m}, 10000)",
            "/": f"ts_div({n} * 10000, {m})",
            "%": f"ts_mod({n}, {m})",
        }[operator]
        sql = f"CAST(ts_scaled({units}, 4) AS DECIMAL(38,4))"
    return Value(in_money(sql, kind), kind, has_columns=has_columns)


def _moment(operator: str, left: Value, right: Value, what: str) -> Value:
    """Add or subtract days with `+` and `-`, which only datetime and smalldatetime support."""
    a, b = left.type, right.type
    whole = ("datetime", "smalldatetime")
    if operator in "+-" and a.name in whole and b.name in INTEGERS:
        sign = "" if operator == "+" else "-"
        days = f"to_days({sign}CAST({right.sql} AS INTEGER))"
        sql = f"ts_in_range({left.sql} + {days}, '{a.name}')"
        return Value(sql, a, has_columns=left.has_columns or right.has_columns)
    if operator == "+" and b.name in whole and a.name in INTEGERS:
        return _moment("+", right, left, what)
    if {a.name, b.name} <= {*whole, *NUMBERS, *TEXT}:
        raise unsupported(f"The expression {what}")
    raise _clash(a, b, what)


def _clash(a: Type, b: Type, what: str) -> MedallionError:
    return MedallionError(
        f"Msg 206: Operand type clash: {a.name} is incompatible with {b.name} in {what}."
    )


def bitwise(operator: str, left: Value, right: Value, what: str) -> Value:
    """`& | ^` of integers."""
    a, b = left.type, right.type
    kinds = {*INTEGERS, "bit"}
    if a.name not in kinds or b.name not in kinds:
        raise unsupported(f"The expression {what}")
    kind = a if a.rank <= b.rank else b
    wide = kind if kind.name != "bit" else types.INT
    x, y = convert(left, wide).sql, convert(right, wide).sql
    sql = f"xor({x}, {y})" if operator == "^" else f"({x} {operator} {y})"
    sql = f"({sql} <> 0)" if kind.name == "bit" else f"CAST({sql} AS {kind.engine})"
    return Value(sql, kind, has_columns=left.has_columns or right.has_columns)


def bitwise_not(value: Value, what: str) -> Value:
    """`~` of an integer; for a bit, the other value."""
    if value.type.name == "bit":
        return value.become(f"(NOT {value.sql})", value.type)
    if value.type.name == "tinyint":
        return value.become(f"CAST(255 - {value.sql} AS UTINYINT)", value.type)
    if value.type.name not in INTEGERS:
        raise unsupported(f"The expression {what}")
    return value.become(f"(~{value.sql})", value.type)


__all__ = ["RANGES", "arithmetic", "bitwise", "bitwise_not", "constant", "exact", "negate"]
