"""The type that several operands share, and the types of arithmetic, by Spark's ANSI rules.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-datatype-rules.html,
https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html and
https://github.com/apache/spark/blob/master/sql/catalyst/src/main/scala/org/apache/spark/sql/catalyst/analysis/DecimalPrecisionTypeCoercion.scala
"""

from functools import reduce

from sqlglot import exp

from medallion_local.databricks_sql.sail.kinds import INTEGERS, UNKNOWN, Kind

BIGINT, DOUBLE, STRING = Kind("bigint"), Kind("double"), Kind("string")
TIMESTAMP = Kind("timestamp")
MOST = 38
_AS_DECIMAL = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 20}
_FRACTIONS = ("float", "double")
_TIMES = ("date", "timestamp_ntz", "timestamp")
_LEAST_SCALE = 6


def common(kinds: list[Kind]) -> Kind:
    """The type of `coalesce`, CASE, UNION and the like over operands of these types."""
    return reduce(_common, kinds) if kinds else UNKNOWN


def _common(one: Kind, other: Kind) -> Kind:
    if one == other or other.name == "void":
        return one
    if one.name == "void":
        return other
    if not (one.is_known and other.is_known):
        return UNKNOWN
    if one.name == "string" or other.name == "string":
        return _with_string(other if one.name == "string" else one)
    if one.is_integral and other.is_integral:
        return max(one, other, key=lambda kind: INTEGERS[kind.name])
    if one.is_numeric and other.is_numeric:
        if one.name in _FRACTIONS or other.name in _FRACTIONS:
            return DOUBLE
        return _wider(as_decimal(one), as_decimal(other))
    if one.name in _TIMES and other.name in _TIMES:
        return max(one, other, key=lambda kind: _TIMES.index(kind.name))
    if one.name == other.name and len(one.inner) == len(other.inner):
        inner = tuple(_common(a, b) for a, b in zip(one.inner, other.inner, strict=True))
        return Kind(one.name, inner=inner, fields=one.fields)
    return UNKNOWN


def _with_string(other: Kind) -> Kind:
    """What a STRING becomes beside another type."""
    if other.is_integral:
        return BIGINT
    if other.is_numeric:
        return DOUBLE
    return other if not other.inner else UNKNOWN


def as_decimal(kind: Kind) -> Kind:
    """An integer as the decimal that holds all its values."""
    if kind.name == "decimal":
        return kind
    return Kind("decimal", _AS_DECIMAL[kind.name], 0)


def literal_decimal(node: exp.Expression, kind: Kind) -> Kind:
    """The decimal of an integer beside a decimal: a literal takes only the digits that it has."""
    inner = node.this if isinstance(node, exp.Paren | exp.Neg) else node
    if kind.is_integral and isinstance(inner, exp.Literal) and not inner.is_string:
        digits = inner.name.rstrip("LlSsYy").lstrip("0")
        return Kind("decimal", max(len(digits), 1), 0)
    return as_decimal(kind)


def _wider(one: Kind, other: Kind) -> Kind:
    scale = max(one.scale, other.scale)
    whole = max(one.precision - one.scale, other.precision - other.scale)
    return bounded(whole + scale, scale)


def bounded(precision: int, scale: int) -> Kind:
    """The decimal with at most 38 digits: a result keeps six decimals, if it has them."""
    if precision <= MOST:
        return Kind("decimal", precision, scale)
    whole = precision - scale
    return Kind("decimal", MOST, max(MOST - whole, min(scale, _LEAST_SCALE)))


def decimal_result(operator: type[exp.Expression], one: Kind, other: Kind) -> Kind:
    """The type of `one operator other`, both decimals."""
    p1, s1, p2, s2 = one.precision, one.scale, other.precision, other.scale
    if operator in (exp.Add, exp.Sub):
        scale = max(s1, s2)
        return bounded(max(p1 - s1, p2 - s2) + scale + 1, scale)
    if operator is exp.Mul:
        return bounded(p1 + p2 + 1, s1 + s2)
    if operator is exp.Div:
        scale = max(_LEAST_SCALE, s1 + p2 + 1)
        return bounded(p1 - s1 + s2 + scale, scale)
    scale = max(s1, s2)
    return bounded(min(p1 - s1, p2 - s2) + scale, scale)
