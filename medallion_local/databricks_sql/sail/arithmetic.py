"""Arithmetic that overflows as in ANSI SQL, and decimals with Spark's digits.

Sail wraps integers around, gives decimals the digits of Arrow and truncates quotients. Integers are
computed as decimals here, whose cast back fails on overflow: constant folding, pushdown and
vectors stay. Decimals whose exact result needs more than 38 digits are computed in `functions`.
"""

from sqlglot import exp

from medallion_local.databricks_sql.sail.coercion import (
    BIGINT,
    DOUBLE,
    MOST,
    TIMESTAMP,
    decimal_result,
    literal_decimal,
)
from medallion_local.databricks_sql.sail.functions import called, decimal_arithmetic
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.kinds import Kind
from medallion_local.databricks_sql.sail.rules import calls, rewrites
from medallion_local.databricks_sql.sail.trees import cast

_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 19}
_LIMITS = {"tinyint": 2**7, "smallint": 2**15, "int": 2**31, "bigint": 2**63}
_TIMES = ("timestamp", "timestamp_ntz")
_CLOCK = ("HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND")
# Sail's quotient has four decimals more than the dividend, and is truncated.
_DECIMALS_OF_A_QUOTIENT = 4


@rewrites(exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod)
def compute(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Replace an operation whose operands' types are known."""
    left, right = node.this, node.expression
    one, other = kinds.of(left), kinds.of(right)
    if one.name == "string" and other.is_numeric:
        one = BIGINT if other.is_integral else DOUBLE
        node.set("this", cast(left, one))
        return _computed(node, one, other) or node
    if other.name == "string" and one.is_numeric:
        other = BIGINT if one.is_integral else DOUBLE
        node.set("expression", cast(right, other))
        return _computed(node, one, other) or node
    return _computed(node, one, other)


def _computed(node: exp.Expression, one: Kind, other: Kind) -> exp.Expression | None:
    if one.is_numeric and other.is_numeric:
        if one.is_integral and other.is_integral:
            return _integers(node, one, other)
        if {one.name, other.name} & {"double", "float"}:
            return _doubles(node, one, other)
        return _decimals(node, one, other)
    return _times(node, one, other) if isinstance(node, exp.Add | exp.Sub) else None


def _integers(node: exp.Expression, one: Kind, other: Kind) -> exp.Expression | None:
    if isinstance(node, exp.Div | exp.Mod):
        return None
    kind = one if _DIGITS[one.name] >= _DIGITS[other.name] else other
    value = _constant(node)
    if value is not None and abs(value) < _LIMITS[kind.name]:
        return None
    wide = Kind("decimal", _DIGITS[kind.name], 0)
    node.set("this", cast(node.this, wide))
    node.set("expression", cast(node.expression, wide))
    return cast(exp.Paren(this=node.copy()), kind)


def _constant(node: exp.Expression) -> int | None:
    """The value of an operation on integer literals."""
    if isinstance(node, exp.Paren):
        return _constant(node.this)
    if isinstance(node, exp.Neg):
        value = _constant(node.this)
        return -value if value is not None else None
    if isinstance(node, exp.Literal):
        return int(node.name) if not node.is_string and node.name.isdigit() else None
    if not isinstance(node, exp.Add | exp.Sub | exp.Mul):
        return None
    one, other = _constant(node.this), _constant(node.expression)
    if one is None or other is None:
        return None
    if isinstance(node, exp.Mul):
        return one * other
    return one + other if isinstance(node, exp.Add) else one - other


def _doubles(node: exp.Expression, one: Kind, other: Kind) -> exp.Expression | None:
    """A FLOAT with another number is a DOUBLE, and so is each other operand."""
    changed = False
    if one.name == other.name == "float":
        return None
    for name, kind in (("this", one), ("expression", other)):
        if kind.name != "double":
            node.set(name, cast(node.args[name], "double"))
            changed = True
    return node if changed else None


def _decimals(node: exp.Expression, one: Kind, other: Kind) -> exp.Expression | None:
    left, right = literal_decimal(node.this, one), literal_decimal(node.expression, other)
    result = decimal_result(type(node), left, right)
    if left != one:
        node.set("this", cast(node.this, left))
    if right != other:
        node.set("expression", cast(node.expression, right))
    if not _fits(node, left, right, result):
        work = decimal_arithmetic(type(node), result.precision, result.scale)
        name = f"decimal_{type(node).__name__.lower()}"
        return called(name, node.this, node.expression, kind=result.sql, work=work)
    if isinstance(node, exp.Div):
        # One digit more than the result has, so that the cast rounds half up.
        scale = max(result.scale + 1 - _DECIMALS_OF_A_QUOTIENT, left.scale)
        whole = left.precision - left.scale
        node.set("this", cast(node.this, Kind("decimal", whole + scale, scale)))
        return cast(exp.Paren(this=node.copy()), result)
    if isinstance(node, exp.Mod):
        return cast(exp.Paren(this=node.copy()), result)
    return node if left != one or right != other else None


def _fits(node: exp.Expression, left: Kind, right: Kind, result: Kind) -> bool:
    """Whether Sail can compute it: no step needs more than 38 digits."""
    if isinstance(node, exp.Mul):
        return left.precision + right.precision + 1 <= MOST
    if isinstance(node, exp.Div):
        scale = max(result.scale + 1, left.scale + _DECIMALS_OF_A_QUOTIENT)
        return left.precision - left.scale + scale + right.scale < MOST
    scale = max(left.scale, right.scale)
    whole = max(left.precision - left.scale, right.precision - right.scale)
    return whole + scale + 1 <= MOST


def _times(node: exp.Expression, one: Kind, other: Kind) -> exp.Expression | None:
    if isinstance(node, exp.Sub) and one.name == "date" and other.name == "date":
        node.set("this", cast(node.this, TIMESTAMP))
        node.set("expression", cast(node.expression, TIMESTAMP))
        return node
    if isinstance(node, exp.Sub) and {one.name, other.name} == {"date", "timestamp"}:
        side = "this" if one.name == "date" else "expression"
        node.set(side, cast(node.args[side], TIMESTAMP))
        return node
    for side, beside, kind in (("this", "expression", one), ("expression", "this", other)):
        if kind.name == "date" and _has_a_clock(node.args[beside]):
            node.set(side, cast(node.args[side], TIMESTAMP))
            return node
    return None


def _has_a_clock(node: exp.Expression) -> bool:
    """Whether an interval literal has hours or smaller units."""
    if not isinstance(node, exp.Interval):
        return False
    unit = node.args.get("unit")
    text = unit.sql().upper() if unit is not None else node.this.name.upper()
    return any(name in text for name in _CLOCK)


@rewrites(exp.Neg)
def negate(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The least integers are literals of their own types."""
    if isinstance(node.this, exp.Literal) and not node.this.is_string:
        for name in ("int", "bigint"):
            if node.this.name == str(_LIMITS[name]):
                return cast(exp.Literal.string(f"-{node.this.name}"), name)
    return None


@calls("shiftrightunsigned")
def shift(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Shift by the distance modulo the number of bits, as Java does; Sail's result would be 0."""
    if len(node.expressions) != 2:
        return None
    value, distance = node.expressions
    last = {"bigint": 63}.get(kinds.of(value).name, 31)
    masked = exp.BitwiseAnd(
        this=exp.Paren(this=distance.copy()), expression=exp.Literal.number(last)
    )
    distance.replace(masked)
    return node
