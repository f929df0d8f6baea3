"""T-SQL to DuckDB, on the syntax tree: what a text means is decided by sqlglot's parser alone.

A construct without a faithful translation is a `MedallionError` that names it.
"""

import logging
from collections.abc import Iterator
from datetime import datetime

import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError

from medallion.errors import MedallionError

Kind = exp.DataType.Type
TEXT = {Kind.VARCHAR, Kind.NVARCHAR, Kind.CHAR, Kind.NCHAR, Kind.TEXT}
BINARY = {Kind.BINARY, Kind.VARBINARY}
# Types of T-SQL whose DuckDB name differs from sqlglot's, or whose parameters DuckDB refuses.
PLAIN_TYPES = {
    Kind.BIT: "BOOLEAN",
    Kind.DATETIME: "TIMESTAMP",
    Kind.DATETIME2: "TIMESTAMP",
    Kind.SMALLDATETIME: "TIMESTAMP",
    Kind.TIMESTAMP: "TIMESTAMP",
    Kind.TINYINT: "UTINYINT",
    Kind.UTINYINT: "UTINYINT",
}
TEXT_STYLES = {1, 2, 23, 112, 120, 121, 126, 127}
CLOCKS = {"sysutcdatetime", "sysdatetime", "getutcdate", "getdate"}
# A cast to a text or binary type without a length has this one.
DEFAULT_LENGTH = 30


def batches(script: str) -> list[str]:
    """The batches of a script, separated as sqlcmd does by lines that say `GO`."""
    tokens = TSQL().tokenize(script)
    found: list[str] = []
    start = 0
    for index, token in enumerate(tokens):
        first = index == 0 or tokens[index - 1].line < token.line
        last = index + 1 == len(tokens) or tokens[index + 1].line > token.line
        if first and last and token.text.upper() == "GO":
            found.append(script[start : token.start])
            start = token.end + 1
    found.append(script[start:])
    return [batch for batch in found if TSQL().tokenize(batch)]


def parse(batch: str) -> list[exp.Expression]:
    """The statements of one batch; they need semicolons between them."""
    log = logging.getLogger("sqlglot")
    level = log.level
    log.setLevel(logging.ERROR)  # what falls back to a raw command is judged by the session
    try:
        trees = sqlglot.parse(batch, read="tsql")
    except SqlglotError as error:
        place: dict[str, object] = next(iter(getattr(error, "errors", [])), {})
        raise MedallionError(
            f"the T-SQL cannot be read near {str(place.get('highlight', '?'))!r} on line "
            f"{place.get('line', '?')} ({place.get('description', str(error).splitlines()[0])}): "
            "check it, and put semicolons between statements"
        ) from None
    finally:
        log.setLevel(level)
    return [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]


def translate(tree: exp.Expression, now: datetime) -> exp.Expression:
    """A copy of `tree` that DuckDB renders faithfully; the clock functions read `now`."""
    root = tree.copy()
    for node in reversed(list(root.walk(bfs=True))):
        new = _faithful(node, now)
        if new is node:
            continue
        if node is root:
            root = new
        else:
            node.replace(new)
    return root


def render(tree: exp.Expression) -> str:
    """The DuckDB text of a translated tree."""
    return tree.sql(dialect="duckdb", normalize_functions=False)


def duckdb_type(kind: exp.DataType) -> str:
    """The DuckDB type of a T-SQL column or cast."""
    if kind.this in TEXT:
        return "VARCHAR"
    if kind.this in BINARY:
        return "BLOB"
    return PLAIN_TYPES.get(kind.this) or kind.sql(dialect="duckdb")


def max_length(kind: exp.DataType) -> int | None:
    """The length in `nvarchar(100)`; `DEFAULT_LENGTH` without one, None for `max`."""
    if not kind.expressions:
        return DEFAULT_LENGTH
    text = kind.expressions[0].name
    return int(text) if text.isdigit() else None


def call(name: str, *arguments: exp.Expression | int) -> exp.Expression:
    """A call of the macro `stand_in.name`."""
    values = [exp.Literal.number(a) if isinstance(a, int) else a for a in arguments]
    return exp.Dot(
        this=exp.to_identifier("stand_in"),
        expression=exp.Anonymous(this=name, expressions=values),
    )


def _faithful(node: exp.Expression, now: datetime) -> exp.Expression:
    if isinstance(node, exp.Column) and node.args.get("db"):
        return exp.Column(this=node.this, table=node.args.get("table"))  # dbo.DimUser.user_id
    if isinstance(node, exp.National):
        return exp.Literal.string(node.name)
    if isinstance(node, exp.HexString):
        return exp.HexString(this="0" * (len(node.name) % 2) + node.name)
    if isinstance(node, exp.Convert):
        return _converted(node.this, node.expression, node.args.get("style"))
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _cast(node.this, node.to)
    if isinstance(node, exp.TryCast):
        return exp.TryCast(this=node.this, to=_type(duckdb_type(node.to)))
    if isinstance(node, exp.Add) and any(_is_text(side) for side in _terms(node)):
        return exp.DPipe(this=node.this, expression=node.expression)
    if _clock_name(node):
        return _cast(exp.Literal.string(now.isoformat(" ")), exp.DataType(this=Kind.DATETIME2))
    if isinstance(node, exp.ObjectId):
        return exp.Anonymous(this="object_id", expressions=list(_values(node)))
    if isinstance(node, exp.SHA2):
        return exp.func("unhex", exp.func("sha256", call("text", node.this)))
    if isinstance(node, exp.ByteLength):
        return exp.Anonymous(this="datalength", expressions=[node.this])
    if isinstance(node, exp.Join) and isinstance(node.this, exp.Lateral):
        return _applied(node)
    if isinstance(node, exp.Parameter):
        raise MedallionError(
            f"the variable @{node.name} is not known: the stand-in runs T-SQL without DECLARE, "
            "so write its value"
        )
    if isinstance(node, exp.Command):
        raise MedallionError(f"{describe(node)} is not supported by the stand-in for Azure SQL")
    return node


def describe(tree: exp.Expression) -> str:
    """The statement in a few words, for errors."""
    if isinstance(tree, exp.Delete) and not tree.this:
        tree = exp.Delete(this=tree.args["tables"][0], where=tree.args.get("where"))
    text = " ".join(tree.sql(dialect="tsql").split())
    return f"the statement {text[:77] + '…' if len(text) > 78 else text!r}"


def _type(name: str) -> exp.DataType:
    return exp.DataType.build(name, dialect="duckdb", udt=True)


def _values(node: exp.Expression) -> Iterator[exp.Expression]:
    for value in (node.this, node.args.get("expression")):
        if value is not None:
            yield value


def _cast(value: exp.Expression, kind: exp.DataType) -> exp.Expression:
    length = max_length(kind)
    if kind.this in TEXT:
        text = call("text", value)
        return text if length is None else _cut(text, length)
    if kind.this in BINARY:
        if isinstance(value, exp.Null):
            return exp.Cast(this=value, to=_type("BLOB"))
        macro = "fixed_binary" if kind.this is Kind.BINARY else "varying_binary"
        return call(macro, value, length or 2**30)
    return exp.Cast(this=value, to=_type(duckdb_type(kind)))


def _converted(
    kind: exp.DataType, value: exp.Expression, style: exp.Expression | None
) -> exp.Expression:
    if style is None or isinstance(value, exp.Null):
        return _cast(value, kind)
    number = int(style.name) if style.name.isdigit() else -1
    length = max_length(kind)
    if kind.this in TEXT and number in TEXT_STYLES:
        text = call(f"text_{number}", value)
        return text if length is None else _cut(text, length)
    if kind.this in BINARY and number in (1, 2):
        return _cast(call(f"binary_{number}", value), kind)
    if kind.this not in TEXT | BINARY and number in (23, 120, 121, 126, 127):
        return _cast(value, kind)
    raise MedallionError(
        f"CONVERT to {kind.sql(dialect='tsql')} with style {style.sql()} is not supported by the "
        f"stand-in; it knows the styles {', '.join(map(str, sorted(TEXT_STYLES)))}"
    )


def _cut(text: exp.Expression, length: int) -> exp.Expression:
    return exp.Substring(this=text, start=exp.Literal.number(1), length=exp.Literal.number(length))


def _terms(node: exp.Expression) -> Iterator[exp.Expression]:
    for side in (node.this, node.expression):
        while isinstance(side, exp.Paren):
            side = side.this
        yield side


def _is_text(node: exp.Expression) -> bool:
    if isinstance(node, exp.Literal):
        return bool(node.is_string)
    if isinstance(node, exp.Dot):
        return isinstance(node.expression, exp.Anonymous) and node.expression.name.startswith(
            "text"
        )
    return isinstance(
        node, exp.DPipe | exp.Concat | exp.Substring | exp.Upper | exp.Lower | exp.Trim
    )


def _clock_name(node: exp.Expression) -> bool:
    if isinstance(node, exp.CurrentTimestamp | exp.CurrentTimestampLTZ):
        return True
    return isinstance(node, exp.Anonymous) and node.name.lower() in CLOCKS


def _applied(join: exp.Join) -> exp.Join:
    """CROSS APPLY and OUTER APPLY as DuckDB's lateral joins."""
    lateral = join.this
    cross = lateral.args.get("cross_apply")
    if cross is None:
        return join
    plain = exp.Lateral(this=lateral.this, alias=lateral.args.get("alias"))
    if cross:
        return exp.Join(this=plain, kind="CROSS")
    return exp.Join(this=plain, side="LEFT", on=exp.true())
