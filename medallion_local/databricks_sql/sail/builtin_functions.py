"""Functions that Sail computes in another way, as formulas or as functions of `functions`."""

import re

from sqlglot import exp

from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.sail.casts import text
from medallion_local.databricks_sql.sail.coercion import bounded
from medallion_local.databricks_sql.sail.functions import called, checked_decimal, rounded_decimal
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.kinds import Kind
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import calls, rewrites
from medallion_local.databricks_sql.sail.trees import call, cast, filled, number

_PLACE = re.compile(r"%[-#+ 0,(]*\d*(?:\.\d+)?([a-zA-Z])")
_SAFE = 28  # a sum of decimals with at most so many digits does not overflow in practice
_NO_LOOK_AROUND = "Sail's regular expressions have no look-around and no back-references"


@calls("initcap")
def initcap(node: exp.Expression, kinds: Kinds) -> exp.Expression:
    """Only a blank begins a word."""
    value = node.expressions[0]
    return called("initcap", text(value, kinds.of(value)))


_PLAIN_DIGITS = {"10": "^[0-9]{1,15}$", "16": "^[0-9A-Fa-f]{1,15}$"}


@calls("conv")
def conv(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Numbers without a sign, by 64 bits. Sail's own function is right for a few plain digits."""
    if len(node.expressions) != 3:
        return None
    value, one, other = node.expressions
    ours = called("conv", cast(value, "string"), cast(one, "int"), cast(other, "int"))
    digits = _PLAIN_DIGITS.get(one.name) if isinstance(one, exp.Literal) else None
    if digits is None or not isinstance(other, exp.Literal) or other.name not in _PLAIN_DIGITS:
        return ours
    plain = cast(value.copy(), "string")
    native = call("conv", plain.copy(), one.copy(), other.copy())
    formula = f"CASE WHEN _plain RLIKE '{digits}' THEN _native ELSE _ours END"
    return filled(formula, _plain=plain, _native=native, _ours=ours)


@calls("left", "right")
def ends(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """A negative length gives an empty text."""
    if len(node.expressions) != 2:
        return None
    value, length = node.expressions
    if isinstance(length, exp.Literal):
        return None
    some = filled("CASE WHEN _n < 0 THEN 0 ELSE _n END", _n=length)
    node.set("expressions", [value, some])
    return node


@calls("substring", "substr")
def part(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """A start before the text shortens the part."""
    given = node.expressions
    return _part(given[0], given[1:], kinds) if len(given) in (2, 3) else None


@rewrites(exp.Substring)
def part_from(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """`substring(x FROM y FOR z)`."""
    given = [node.args.get("start"), node.args.get("length")]
    return _part(node.this, [each for each in given if each is not None], kinds)


def _part(
    value: exp.Expression, given: list[exp.Expression], kinds: Kinds
) -> exp.Expression | None:
    start = given[0]
    negative = isinstance(start, exp.Neg) or not isinstance(start, exp.Literal)
    kind = kinds.of(value)
    binary = kind.name == "binary"
    if kind.name in ("double", "float", "timestamp", "timestamp_ntz"):
        shown_value = text(value.copy(), kind)
        value.replace(shown_value)
        value = shown_value
    length = given[1] if len(given) == 2 else None
    odd_length = length is not None and not isinstance(length, exp.Literal)
    if not (negative or binary or odd_length):
        return None
    shown = text(value.copy(), kinds.of(value)) if not binary else value.copy()
    if binary:
        if negative or odd_length:
            raise refused("substring of a BINARY from a computed place")
        arguments = [filled("hex(_x)", _x=value), filled("greatest(_s, 1) * 2 - 1", _s=start)]
        if length is not None:
            arguments.append(filled("_n * 2", _n=length))
        return call("unhex", call("substring", *arguments))
    first = "CASE WHEN _s < 0 THEN char_length(_x) + _s + 1 WHEN _s = 0 THEN 1 ELSE _s END"
    if length is None:
        formula = f"CASE WHEN _s IS NOT NULL THEN substring(_x, greatest({first}, 1)) END"
        return filled(formula, _x=shown, _s=start)
    formula = (
        f"CASE WHEN _s IS NOT NULL AND _n IS NOT NULL THEN substring(_x, greatest({first}, 1),"
        f" greatest(_n + least({first}, 1) - 1, 0)) END"
    )
    return filled(formula, _x=shown, _s=start, _n=length)


@calls("char", "chr")
def character(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """The code modulo 256; an empty text for a negative code."""
    formula = "CASE WHEN _n < 0 THEN '' ELSE chr(_n % 256) END"
    return filled(formula, _n=node.expressions[0]) if len(node.expressions) == 1 else None


@calls("elt")
def chosen(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """An index outside the arguments is an error."""
    if len(node.expressions) < 2:
        return None
    index, *values = node.expressions
    cases = exp.Case(this=index.copy(), ifs=[])
    for place, value in enumerate(values, start=1):
        shown = cast(value.copy(), "string")
        cases.append("ifs", exp.If(this=number(place), true=shown))
    wrong = called("outside", cast(index.copy(), "int"), number(len(values)))
    cases.set("default", wrong)
    return cases


@calls("split")
def split(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """An empty pattern gives the characters."""
    if len(node.expressions) == 2 and node.expressions[1].is_string:
        if not node.expressions[1].name:
            return called("characters", cast(node.expressions[0], "string"))
        _check_pattern(node, node.expressions[1])
    return None


@calls("regexp_replace", "regexp_extract", "regexp_extract_all", "rlike", "regexp_like")
def regular(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """Patterns that Sail lacks are refused, and so are replacements with escapes."""
    given = node.expressions
    if len(given) > 1:
        _check_pattern(node, given[1])
    if node.name.lower() == "regexp_replace" and len(given) > 2 and given[2].is_string:
        replacement = given[2].name
        if "\\" in replacement or "${" in replacement:
            raise refused(f"regexp_replace with the replacement '{replacement}'")
        if any(not part[:1].isdigit() for part in replacement.split("$")[1:]):
            raise SqlError(
                "[INVALID_REGEXP_REPLACE] Could not perform regexp_replace with the replacement "
                f'"{replacement}".'
            )
        if len(given) > 3:
            raise refused("regexp_replace with a position")
    return None


@rewrites(exp.RegexpLike)
def matched(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """`x RLIKE pattern`."""
    _check_pattern(node, node.expression)
    return None


def _check_pattern(node: exp.Expression, pattern: exp.Expression) -> None:
    if pattern.is_string:
        shown = pattern.name
        if any(sign in shown for sign in ("(?=", "(?!", "(?<=", "(?<!", "\\1", "\\2")):
            raise refused(f"the pattern '{shown}'", _NO_LOOK_AROUND)


@calls("rint")
def rint(node: exp.Expression, _: Kinds) -> exp.Expression:
    """Half goes to the even number."""
    return called("rint", cast(node.expressions[0], "double"))


@calls("round", "bround")
def rounded(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Decimals keep their type; a DOUBLE is rounded by the digits of its text."""
    given = node.expressions
    if len(given) not in (1, 2):
        return None
    name, kind = node.name.lower(), kinds.of(given[0])
    places = given[1] if len(given) == 2 else number(0)
    if kind.name in ("double", "float", "string") and (name == "bround" or len(given) == 2):
        shown = cast(given[0], "double") if kind.name != "double" else given[0]
        made = called(name, shown, cast(places, "int"))
        return cast(made, "float") if kind.name == "float" else made
    if kind.name != "decimal" or not (places.is_int or isinstance(places, exp.Neg)):
        return None
    digits = int(places.sql())
    whole = kind.precision - kind.scale + 1
    scale = max(min(digits, kind.scale), 0)
    wide = whole if digits >= 0 else max(whole, 1 - digits)
    result = bounded(min(wide + scale, 38), scale)
    if name == "bround":
        work = rounded_decimal(result.precision, result.scale)
        return called("bround", given[0], number(digits), kind=result.sql, work=work)
    return cast(node.copy(), result)


@calls("get_json_object")
def json_part(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """Numbers, wildcards and blanks as in Spark."""
    if len(node.expressions) != 2:
        return None
    return called("get_json_object", *(cast(each, "string") for each in node.expressions))


@calls("timestamp_seconds", "to_timestamp")
def seconds(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Numbers are seconds, with a fraction."""
    if len(node.expressions) != 1:
        return None
    kind = kinds.of(node.expressions[0])
    if kind.name in ("decimal", "double", "float"):
        return filled("timestamp_micros(CAST(_x * 1000000 AS BIGINT))", _x=node.expressions[0])
    if node.name.lower() == "to_timestamp" and kind.is_integral:
        return call("timestamp_seconds", node.expressions[0])
    return None


@calls("array_contains")
def contained(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """NULL if the value is not found in an array with a NULL. Sail has no lambda in a WHERE."""
    if len(node.expressions) != 2:
        return None
    if any(kinds.of(each).name == "void" for each in node.expressions):
        raise SqlError(
            "[DATATYPE_MISMATCH.NULL_TYPE] Cannot resolve array_contains: NULL has no type. Cast "
            "it to the type of the elements."
        )
    formula = (
        "CASE WHEN array_contains(_a, _v) THEN TRUE WHEN _a IS NULL OR _v IS NULL THEN NULL"
        " WHEN size(array_compact(_a)) <> size(_a) THEN NULL ELSE FALSE END"
    )
    return filled(formula, _a=node.expressions[0], _v=node.expressions[1])


@calls("percentile_approx", "approx_percentile")
def percentile(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """The exact value at the rank, with its own type: within the accuracy of Spark's sketch."""
    given = node.expressions
    if len(given) not in (2, 3):
        return None
    if isinstance(node.parent, exp.Filter | exp.Window | exp.WithinGroup):
        raise refused("percentile_approx with FILTER or OVER")
    formula = (
        "get(sort_array(collect_list(_x)),"
        " greatest(CAST(ceil(CAST(_p AS DOUBLE) * count(_x)) AS INT), 1) - 1)"
    )
    shares = given[1]
    if isinstance(shares, exp.Array):
        parts = [filled(formula, _x=given[0], _p=each) for each in shares.expressions]
        return exp.Array(expressions=parts)
    return filled(formula, _x=given[0], _p=shares)


@calls("datediff", "date_diff")
def days(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """The number of days is an INT."""
    given = node.expressions
    return cast(node.copy(), "int") if len(given) == 2 else _between_units(node)


@calls("timestampdiff")
def units(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """The whole units between two moments."""
    return _between_units(node)


_SIZES = {
    "MICROSECOND": 1,
    "MILLISECOND": 1_000,
    "SECOND": 1_000_000,
    "MINUTE": 60_000_000,
    "HOUR": 3_600_000_000,
    "DAY": 86_400_000_000,
    "WEEK": 604_800_000_000,
}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}


def _between_units(node: exp.Expression) -> exp.Expression | None:
    if len(node.expressions) != 3:
        return None
    unit = node.expressions[0].name.upper()
    one, other = (cast(each, "timestamp") for each in node.expressions[1:])
    if unit in _SIZES:
        formula = f"(unix_micros(_b) - unix_micros(_a)) div {_SIZES[unit]}L"
        return filled(formula, _a=one, _b=other)
    if unit not in _MONTHS:
        return None
    whole = "((year(_b) - year(_a)) * 12 + month(_b) - month(_a))"
    late = (
        "((day(_b) - day(_a)) * 86400000000L + pmod(unix_micros(_b), 86400000000L)"
        " - pmod(unix_micros(_a), 86400000000L))"
    )
    formula = (
        f"CAST(({whole} - CASE WHEN {whole} > 0 AND {late} < 0 THEN 1"
        f" WHEN {whole} < 0 AND {late} > 0 THEN -1 ELSE 0 END) AS BIGINT) div {_MONTHS[unit]}L"
    )
    return filled(formula, _a=one, _b=other)


_FIELDS = {
    "DOW": "dayofweek(_x)",
    "DAYOFWEEK": "dayofweek(_x)",
    "DOW_ISO": "(pmod(dayofweek(_x) + 5, 7) + 1)",
    "DAYOFWEEK_ISO": "(pmod(dayofweek(_x) + 5, 7) + 1)",
    "YEAROFWEEK": "year(date_add(CAST(_x AS DATE), 3 - pmod(dayofweek(_x) + 5, 7)))",
}


@rewrites(exp.Extract)
def extracted(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Fields that Sail numbers in another way or lacks."""
    field = node.this.name.upper()
    if kinds.of(node.expression).name == "interval":
        raise refused(f"EXTRACT({field} FROM an interval)")
    formula = _FIELDS.get(field)
    return filled(formula, _x=node.expression) if formula else None


@calls("date_part", "datepart")
def parted(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The same, as a function."""
    if len(node.expressions) != 2 or not node.expressions[0].is_string:
        return None
    formula = _FIELDS.get(node.expressions[0].name.upper())
    return filled(formula, _x=node.expressions[1]) if formula else None


@calls("regexp_count")
def counted(node: exp.Expression, _: Kinds) -> exp.Expression:
    """The number is an INT."""
    return cast(node.copy(), "int")


@calls("hash")
def hashed(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """A decimal of at most 18 digits is hashed as its digits."""
    changed = False
    for each in list(node.expressions):
        kind = kinds.of(each)
        if kind.name == "decimal" and kind.precision > 18:
            raise refused(f"hash of a {kind.sql.upper()}")
        if kind.name == "decimal":
            digits = filled(f"CAST(_x * 1{'0' * kind.scale}BD AS BIGINT)", _x=each)
            each.replace(digits)
            changed = True
    return node if changed else None


@calls("slice")
def sliced(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """A start of 0 and a negative length are errors."""
    if len(node.expressions) == 3:
        start, length = node.expressions[1:]
        if start.name == "0" and isinstance(start, exp.Literal):
            raise SqlError(
                "[INVALID_PARAMETER_VALUE.START] The value of parameter(s) `start` in `slice` is "
                "invalid: Expects a positive or a negative value for `start`, but got 0."
            )
        if isinstance(length, exp.Neg):
            raise SqlError(
                "[INVALID_PARAMETER_VALUE.LENGTH] The value of parameter(s) `length` in `slice` "
                "is invalid: Expects `length` greater than or equal to 0."
            )
    return None


@calls("sum", "try_sum")
def total(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """A sum of BIGINT overflows; a sum of texts is one of DOUBLE."""
    if len(node.expressions) != 1:
        return None
    value, name = node.expressions[0], node.name.lower()
    inner = value.expressions[0] if isinstance(value, exp.Distinct) else value
    kind = kinds.of(inner)
    if kind.name == "string":
        inner.replace(cast(inner.copy(), "double"))
        return node
    if kind.name == "decimal" and kind.precision > _SAFE and name == "sum":
        work = checked_decimal(38, kind.scale)
        result = Kind("decimal", 38, kind.scale)
        _wrap(node, called("checked", exp.Null(), kind=result.sql, work=work))
        return node
    if name == "try_sum" or kind.name != "bigint":
        return None
    inner.replace(cast(inner.copy(), Kind("decimal", 28, 0)))
    _wrap(node, cast(exp.Null(), "bigint"))
    return node


def _wrap(node: exp.Expression, holder: exp.Expression) -> None:
    """Put the aggregate, with its FILTER and OVER, in place of the holder's NULL."""
    whole = node
    while isinstance(whole.parent, exp.Filter | exp.Window) and whole.parent.this is whole:
        whole = whole.parent
    whole.replace(holder)
    holder.find(exp.Null).replace(whole)


@calls("avg", "mean", "stddev", "variance")
def average(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Texts are read as DOUBLE."""
    if len(node.expressions) == 1 and kinds.of(node.expressions[0]).name == "string":
        node.set("expressions", [cast(node.expressions[0], "double")])
        return node
    return None


@calls("typeof")
def type_name(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Sail prints all intervals with the same units."""
    if len(node.expressions) != 1:
        return None
    given = node.expressions[0]
    kind = kinds.of(given)
    if kind.name == "interval" and kind.fields:
        return exp.Literal.string(kind.fields[0])
    unit = given.args.get("unit") if isinstance(given, exp.Interval) else None
    if unit is not None:
        start, _, end = unit.sql().lower().partition(" to ")
        names = [name.rstrip("s") for name in (start, end) if name]
        return exp.Literal.string(f"interval {' to '.join(names)}")
    return None


@calls("date_add", "date_sub")
def days_added(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The number of days is an INT or smaller."""
    if len(node.expressions) == 2:
        kind = kinds.of(node.expressions[1])
        if kind.name in ("bigint", "decimal", "double", "float"):
            raise SqlError(
                f"[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] The second parameter of {node.name} "
                f'requires the type "INT", "SMALLINT" or "TINYINT", and has "{kind.sql.upper()}".'
            )
    return None


@calls("factorial")
def factorial(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """NULL outside 0 to 20."""
    formula = "CASE WHEN _n BETWEEN 0 AND 20 THEN factorial(_n) END"
    return filled(formula, _n=node.expressions[0]) if len(node.expressions) == 1 else None


@calls("product")
def unknown(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """A function of Sail that Databricks lacks."""
    raise SqlError(f"[UNRESOLVED_ROUTINE] Cannot resolve routine `{node.name}`.")


@calls("format_string", "printf")
def formatted(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Values for `%s` as texts."""
    if not node.expressions or not node.expressions[0].is_string:
        return None
    places = _PLACE.findall(node.expressions[0].name)
    values = list(node.expressions[1:])
    if len(places) != len(values):
        return None
    changed = False
    for place, value in zip(places, values, strict=True):
        kind = kinds.of(value)
        if place == "s" and kind.name not in ("string", "void"):
            value.replace(text(value.copy(), kind))
            changed = True
    return node if changed else None


@rewrites(exp.Like)
def like(node: exp.Expression, _: Kinds) -> exp.Expression | None:
    """A wrong escape in a pattern is an error."""
    pattern = node.expression
    if not pattern.is_string or isinstance(node.parent, exp.Escape) or "\\" not in pattern.name:
        return None
    rest = re.sub(r"\\[\\%_]", "", pattern.name)
    if "\\" in rest:
        where = "ESC_AT_THE_END" if rest.endswith("\\") else "ESC_IN_THE_MIDDLE"
        raise SqlError(
            f"[INVALID_FORMAT.{where}] The format is invalid: '{pattern.name}'. The escape "
            "character must precede `%`, `_` or itself."
        )
    return None


@calls("format_number")
def numbered(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """A decimal is rounded half to even."""
    if len(node.expressions) != 2 or not node.expressions[1].is_int:
        return None
    value, places = node.expressions
    kind = kinds.of(value)
    if kind.name != "decimal" or int(places.name) >= kind.scale:
        return None
    work = rounded_decimal(kind.precision, kind.scale)
    rounded_value = called("bround", value.copy(), places.copy(), kind=kind.sql, work=work)
    value.replace(rounded_value)
    return node


@calls("timestamp_millis", "timestamp_micros")
def whole_times(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Only integers are accepted."""
    if len(node.expressions) == 1 and kinds.of(node.expressions[0]).name in ("decimal", "double"):
        raise SqlError(
            "[DATATYPE_MISMATCH.UNEXPECTED_INPUT_TYPE] The first parameter of "
            f'{node.name} requires the "INTEGRAL" type.'
        )
    return None
