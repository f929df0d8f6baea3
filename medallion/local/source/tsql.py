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
from medallion.local.source import kinds, types
from medallion.local.source.types import BINARY, TEXT, Kind, duckdb_type

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
        value = _integer_of_bytes(node, node.expression, node.this)
        return value or _converted(node.this, node.expression, node.args.get("style"))
    if isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        return _integer_of_bytes(node, node.this, node.to) or cast(node.this, node.to)
    if isinstance(node, exp.TryCast):
        return exp.TryCast(this=node.this, to=_type(duckdb_type(node.to)))
    if isinstance(node, exp.Add) and (
        node.meta.get("kind") is kinds.Kind.TEXT or any(_is_text(side) for side in _terms(node))
    ):
        return exp.DPipe(this=node.this, expression=node.expression)
    if isinstance(node, exp.Substring) and node.meta.get("kind") is kinds.Kind.BINARY:
        return call("bytes_from", node.this, node.args["start"], node.args["length"])
    if isinstance(node, exp.Concat | exp.ConcatWs):
        node.set("expressions", [_as_text(e) for e in node.expressions])
        return node
    if _clock_name(node):
        return cast(exp.Literal.string(now.isoformat(" ")), exp.DataType(this=Kind.DATETIME2))
    if isinstance(node, exp.ObjectId):
        return exp.Anonymous(this="object_id", expressions=list(_values(node)))
    if isinstance(node, exp.SHA | exp.SHA2 | exp.MD5):
        return _hashed(node)
    if isinstance(node, exp.Table) and isinstance(node.this, exp.OpenJSON):
        return exp.Table(this=_json_rows(node.this), alias=node.args.get("alias"))
    if isinstance(node, exp.Table) and node.db.lower() == "information_schema":
        return _information(node)
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


def cast(value: exp.Expression, kind: exp.DataType) -> exp.Expression:
    """CAST of a translated expression to a T-SQL type."""
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
        return cast(value, kind)
    number = int(style.name) if style.name.isdigit() else -1
    length = max_length(kind)
    if kind.this in TEXT and number in TEXT_STYLES:
        text = call(f"text_{number}", value)
        return text if length is None else _cut(text, length)
    if kind.this in BINARY and number in (1, 2):
        return cast(call(f"binary_{number}", value), kind)
    if kind.this not in TEXT | BINARY and number in (23, 120, 121, 126, 127):
        return cast(value, kind)
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
    applied = lateral.this
    if isinstance(applied, exp.OpenJSON):
        applied = exp.select("*").from_(exp.Table(this=_json_rows(applied))).subquery()
    plain = exp.Lateral(this=applied, alias=lateral.args.get("alias"))
    if cross:
        return exp.Join(this=plain, kind="CROSS")
    return exp.Join(this=plain, side="LEFT", on=exp.true())


def _integer_of_bytes(
    node: exp.Expression, value: exp.Expression, kind: exp.DataType
) -> exp.Expression | None:
    """CAST of binary to an integer: its last bytes, the most significant first."""
    size = {"tinyint": 1, "smallint": 2, "int": 4, "bigint": 8}.get(types.name(kind))
    if size is None or node.meta.get("kind") is not kinds.Kind.BINARY:
        return None
    return exp.Cast(this=call("integer_of", value, size), to=_type(duckdb_type(kind)))


def _hashed(node: exp.Expression) -> exp.Expression:
    """HASHBYTES: of nvarchar the UTF-16 bytes, of varchar the UTF-8 ones."""
    length = node.args.get("length")
    if length is not None and length.name != "256":
        raise MedallionError(
            f"HASHBYTES of SHA2_{length.name} is not supported by the stand-in: "
            "it knows SHA2_256, SHA1 and MD5"
        )
    kind = node.meta.get("kind")
    if kind in (None, kinds.Kind.UNKNOWN, kinds.Kind.OTHER):
        raise MedallionError(
            "Msg 8116: the second argument of HASHBYTES is neither varchar, nvarchar nor varbinary "
            f"as far as the stand-in can tell: CONVERT {node.this.sql(dialect='tsql')!r} to one"
        )
    value = call("utf16", node.this) if kind is kinds.Kind.NATIONAL else node.this
    name = {exp.SHA2: "sha256", exp.SHA: "sha1", exp.MD5: "md5"}[type(node)]
    return exp.func("unhex", exp.Anonymous(this=name, expressions=[value]))


def _as_text(value: exp.Expression) -> exp.Expression:
    """A part of CONCAT, which turns its parts to text as CAST does."""
    return value if isinstance(value, exp.Literal) and value.is_string else call("text", value)


def _json_rows(node: exp.OpenJSON) -> exp.Expression:
    if node.args.get("path") or node.expressions:
        raise MedallionError(
            "OPENJSON with a path or a WITH clause is not supported by the stand-in: "
            "it has the columns [key], value and type"
        )
    return call("open_json", node.this)


def _information(node: exp.Table) -> exp.Table:
    if node.name.lower() not in ("columns", "tables"):
        raise MedallionError(
            f"INFORMATION_SCHEMA.{node.name} is not supported by the stand-in: "
            "it has COLUMNS and TABLES"
        )
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(node.name))
    name = exp.to_identifier(f"information_schema_{node.name.lower()}")
    return exp.Table(this=name, db=exp.to_identifier("stand_in"), alias=alias)
