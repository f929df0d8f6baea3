"""Casts that Sail computes in another way, and the texts of values.

Source: https://docs.databricks.com/sql/language-manual/functions/cast.html
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import parse, render
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.sail.functions import called, decimal_of
from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.kinds import UNKNOWN, Kind, kind_of_type
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import calls, rewrites
from medallion_local.databricks_sql.sail.trees import cast, filled

_NESTED = ("array", "map", "struct")
# Sail prints these as Spark does.
_SAME_TEXT = {
    "string", "boolean", "tinyint", "smallint", "int", "bigint", "decimal", "date", "timestamp",
    "timestamp_ntz", "binary", "void", "interval",
}  # fmt: skip
_WITHOUT_OWN_TEXT = {"double", "float", "timestamp", "timestamp_ntz", "decimal"}
_NUMBERS = {"tinyint", "smallint", "int", "bigint", "decimal", "float", "double"}
_REFUSED = {
    **{(number, "date"): "FUNC" for number in (*_NUMBERS, "boolean")},
    **{("date", number): "FUNC" for number in (*_NUMBERS, "boolean")},
    **{(number, "binary"): "CONF" for number in _NUMBERS - {"decimal", "float", "double"}},
    **{(number, "binary"): "NONE" for number in ("decimal", "float", "double", "boolean")},
}
_SUGGESTIONS = {
    "FUNC": "CAST_WITH_FUNC_SUGGESTION",
    "CONF": "CAST_WITH_CONF_SUGGESTION",
    "NONE": "CAST_WITHOUT_SUGGESTION",
}


def text(node: exp.Expression, kind: Kind) -> exp.Expression:
    """`node` as STRING."""
    if kind.name == "string":
        return node
    if kind.name == "variant":
        raise refused("the text of a VARIANT")
    return cast(node, "string") if kind.name in _SAME_TEXT else called("text", node)


@rewrites(exp.Cast, exp.TryCast)
def convert(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Replace the casts that differ."""
    inner, target = node.this, kind_of_type(node.args["to"])
    source = kinds.of(inner)
    tolerant = isinstance(node, exp.TryCast)
    if (source.name, target.name) in _REFUSED:
        raise SqlError(
            f"[DATATYPE_MISMATCH.{_SUGGESTIONS[_REFUSED[source.name, target.name]]}] Cannot cast "
            f'"{source.sql.upper()}" to "{target.sql.upper()}".'
        )
    if target.name == "string" and source.name == "variant":
        raise refused("the text of a VARIANT")
    if target.name == "string" and source.name == "interval" and source.fields:
        raise refused("the text of a difference of dates")
    if target.name == "string" and _is_text(node.args["to"]):
        if source.name in _SAME_TEXT or (source.name == "unknown" and _is_literal(inner)):
            return None
        return called("text", inner)
    if target.is_integral and source.name == "decimal" and not tolerant:
        return cast(called("whole", inner), target)
    if target.is_integral and source.name in ("timestamp", "timestamp_ntz"):
        seconds = "(unix_micros(_x) - pmod(unix_micros(_x), 1000000)) div 1000000"
        return cast(filled(seconds, _x=inner), target, tolerant)
    if target.name == "decimal" and source.name in ("double", "float"):
        work = decimal_of(target.precision, target.scale, tolerant)
        name = "try_decimal_of" if tolerant else "decimal_of"
        return called(name, inner, kind=target.sql, work=work)
    if target.name == "decimal" and source.name == "string" and not _is_plain(inner):
        return _decimal_of_text(inner, target, tolerant)
    if target.name == "decimal" and source.name == "boolean":
        return cast(cast(inner, "int"), target, tolerant)
    if target.name == "boolean" and source.name == "string":
        return called("try_boolean" if tolerant else "boolean", inner)
    if target.name in ("date", "timestamp") and source.name == "string" and inner.is_string:
        return _moment(node, inner, target)
    return None


def _decimal_of_text(inner: exp.Expression, target: Kind, tolerant: bool) -> exp.Expression:
    """Our function, except for a whole number that surely fits: Sail's casts are much faster."""
    work = decimal_of(target.precision, target.scale, tolerant)
    name = "try_decimal_of" if tolerant else "decimal_of"
    digits = min(18, target.precision - target.scale)
    ours = called(name, inner.copy(), kind=target.sql, work=work)
    if digits < 1:
        return ours
    return filled(
        f"CASE WHEN _text RLIKE '^[0-9]{{1,{digits}}}$' THEN _native ELSE _ours END",
        _text=inner.copy(),
        _native=cast(cast(inner.copy(), "bigint"), target),
        _ours=ours,
    )


def _is_text(kind: exp.DataType) -> bool:
    return kind.this == exp.DataType.Type.TEXT


def _is_literal(node: exp.Expression) -> bool:
    return isinstance(node, exp.Literal)


def _is_plain(node: exp.Expression) -> bool:
    """Whether it is the literal of a number that Sail reads, such as '1.50'."""
    return node.is_string and node.name.replace(".", "", 1).lstrip("-").isdigit()


def _moment(node: exp.Expression, inner: exp.Expression, target: Kind) -> exp.Expression | None:
    """A literal that Sail does not read: with blanks around it, or a DATE with a time."""
    shown = inner.name.strip()
    if target.name == "date" and "T" in shown:
        shown = shown.partition("T")[0]
    if shown == inner.name:
        return None
    node.set("this", exp.Literal.string(shown))
    return node


@calls(
    "string", "int", "bigint", "smallint", "tinyint", "float", "double", "boolean", "date",
    "timestamp", "binary", "decimal",
)  # fmt: skip
def convert_by_name(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """`string(x)` is CAST(x AS STRING)."""
    if len(node.expressions) != 1:
        return None
    made = cast(node.expressions[0], node.name.lower())
    return convert(made, kinds) or made


@rewrites(exp.DPipe)
def joined(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The operands of `||` as texts."""
    sides = ("this", "expression")
    given = [kinds.of(node.args[side]) for side in sides]
    if not _joins_texts(given):
        return None
    for side, kind in zip(sides, given, strict=True):
        if kind.name not in ("string", "void"):
            node.set(side, text(node.args[side], kind))
    return node


def _joins_texts(given: list[Kind]) -> bool:
    """Whether the result is a text, and not an array or binary."""
    names = {kind.name for kind in given} - {"void"}
    if names & set(_NESTED) or names <= {"binary"} or names <= {"string"}:
        return False
    return "unknown" not in names or "string" in names


@calls("concat")
def concatenated(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The arguments of `concat` as texts, unless they are arrays or all are binary."""
    given = [kinds.of(each) for each in node.expressions]
    if not _joins_texts(given):
        return None
    for each, kind in zip(list(node.expressions), given, strict=True):
        if kind.name not in ("string", "void"):
            each.replace(text(each.copy(), kind))
    return node


@calls("concat_ws")
def concatenated_with(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The arguments of `concat_ws` as texts. Arrays stay, as arrays of texts."""
    given = [kinds.of(each) for each in node.expressions]
    for place, kind in enumerate(given):
        if kind.name == "array" and kind.inner and kind.inner[0].name not in ("string", "unknown"):
            inner = kind.inner[0]
            if inner.name in _SAME_TEXT:
                made = cast(node.expressions[place].copy(), Kind("array", inner=(Kind("string"),)))
                node.expressions[place].replace(made)
    return _texts(node, given) or node


def _texts(node: exp.Expression, given: list[Kind]) -> exp.Expression | None:
    changed = False
    for each, kind in zip(list(node.expressions), given, strict=True):
        if kind.is_known and kind.name not in ("string", "void", *_NESTED):
            holder = text(each.copy(), kind)
            each.replace(holder)
            changed = True
    return node if changed else None


@calls("typeof")
def type_of_variant(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Sail names the STRUCT in which it keeps a VARIANT."""
    kind = kinds.of(node.expressions[0]) if node.expressions else UNKNOWN
    return exp.Literal.string("variant") if kind.name == "variant" else None


@calls("to_json")
def json_text(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """`to_json` of a nested value. With options it stays an error of Sail."""
    kind = kinds.of(node.expressions[0]) if node.expressions else UNKNOWN
    if kind.name == "variant":
        return None
    if _has_variant(kind):
        raise refused("to_json of a VARIANT inside another value")
    if kind.is_known and kind.name not in ("void", *_NESTED):
        raise SqlError(
            f'[DATATYPE_MISMATCH.INVALID_JSON_SCHEMA] Cannot resolve "{render(node)}" due to data '
            f'type mismatch: Input schema "{kind.sql.upper()}" must be a struct, an array, a map '
            "or a variant."
        )
    return called("json", node.expressions[0]) if len(node.expressions) == 1 else None


def _has_variant(kind: Kind) -> bool:
    return kind.name == "variant" or any(_has_variant(each) for each in kind.inner)


# Functions whose first argument is a text. Sail casts it by itself, with texts of its own.
@calls(
    "upper", "lower", "ucase", "lcase", "lpad", "rpad", "left", "right", "regexp_replace",
    "regexp_extract", "regexp_extract_all", "replace", "split", "trim", "ltrim", "rtrim", "btrim",
    "instr", "repeat", "length", "char_length", "character_length", "ascii", "reverse",
    "translate", "split_part",
    "startswith", "endswith", "contains", "substring_index", "levenshtein", "soundex",
)  # fmt: skip
def text_argument(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Numbers and times as texts."""
    kind = kinds.of(node.expressions[0]) if node.expressions else Kind("string")
    if kind.name not in _WITHOUT_OWN_TEXT:
        return None
    first = node.expressions[0]
    if isinstance(first, exp.Distinct):
        first = first.expressions[0]
    first.replace(text(first.copy(), kind))
    return node


@calls("array_join")
def text_elements(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The elements that `array_join` joins as texts."""
    kind = kinds.of(node.expressions[0]) if node.expressions else Kind("string")
    if kind.name != "array" or not kind.inner or kind.inner[0].name not in ("double", "float"):
        return None
    raise refused("array_join of numbers with a fraction")


@rewrites(exp.Like, exp.ILike, exp.RegexpLike)
def matched_text(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """The left side of LIKE as a text."""
    kind = kinds.of(node.this)
    if kind.name not in _WITHOUT_OWN_TEXT:
        return None
    node.set("this", text(node.this, kind))
    return node


@calls("from_json", "from_csv")
def parsed_by_schema(node: exp.Expression, kinds: Kinds) -> exp.Expression | None:
    """Raise for a type of another database in the schema, which Sail takes for the nearest one."""
    schema = node.expressions[1] if len(node.expressions) > 1 else None
    if isinstance(schema, exp.Literal) and schema.is_string:
        as_type = _error_of(f"SELECT CAST(NULL AS {schema.this})")
        as_columns = _error_of(f"CREATE TABLE t ({schema.this})") if as_type else None
        if as_type and as_columns and "UNSUPPORTED_DATATYPE" in f"{as_type} {as_columns}":
            raise as_type  # Spark reports why it is not a type
    return None


def _error_of(sql: str) -> SqlError | None:
    try:
        parse(sql)
    except SqlError as error:
        return error
    return None
