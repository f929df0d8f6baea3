"""Bound parameters: each marker in a statement is replaced by a literal of its value.

Sources: https://docs.databricks.com/sql/language-manual/sql-ref-parameter-marker.html
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlglot.tokens import Token, TokenType

from medallion_local.databricks_sql.language.dialect import literal, tokens
from medallion_local.databricks_sql.language.errors import SqlError

_TYPE = re.compile(r"[A-Z_]+(?: [A-Z]+)*(?:\(\s*\d+\s*(?:,\s*\d+\s*)?\))?")
_WHOLE = re.compile(r"[+-]?\d+")
# After one of these, `:name` is the path of a JSON text, and no marker.
_OPERANDS = {TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET}


@dataclass(frozen=True)
class Parameter:
    """A value of a Databricks type, as text; `arguments` are those of an ARRAY or a MAP."""

    kind: str
    value: str | None = None
    name: str | None = None
    arguments: Sequence["Parameter"] = field(default_factory=tuple)


def bound(sql: str, parameters: Sequence[Parameter]) -> str:
    """`sql` with a literal in place of each marker."""
    if not parameters:
        return sql
    named = {one.name.lower(): one for one in parameters if one.name}
    unnamed = [one for one in parameters if not one.name]
    pieces, end, position = [], 0, 0
    for start, stop, name in _markers(sql):
        if name is None:
            if position >= len(unnamed):
                raise _unbound(f"_{start}")
            value = unnamed[position]
            position += 1
        elif name.lower() in named:
            value = named[name.lower()]
        else:
            raise _unbound(name)
        pieces += [sql[end:start], _literal(value)]
        end = stop
    return "".join([*pieces, sql[end:]])


def _markers(sql: str) -> list[tuple[int, int, str | None]]:
    """The beginning, the end and the name of each marker; `?` has no name."""
    found: list[tuple[int, int, str | None]] = []
    every = tokens(sql)
    for place, token in enumerate(every):
        if token.token_type == TokenType.PLACEHOLDER:
            found.append((token.start, token.end + 1, None))
        elif token.token_type == TokenType.COLON and place + 1 < len(every):
            following = every[place + 1]
            before = every[place - 1] if place else None
            if following.start == token.end + 1 and _is_name(following) and _begins(before, token):
                found.append((token.start, following.end + 1, following.text))
    return found


def _is_name(token: Token) -> bool:
    """Whether a token can be a marker's name. SQLAlchemy's dialect quotes it."""
    if token.token_type == TokenType.IDENTIFIER:
        return True
    return token.token_type != TokenType.STRING and re.fullmatch(r"\w+", token.text) is not None


def _begins(before: Token | None, colon: Token) -> bool:
    """Whether a colon after that token begins a marker."""
    if before is None:
        return True
    if before.token_type in _OPERANDS:
        return False
    adjacent = before.end + 1 == colon.start
    return not (adjacent and re.fullmatch(r"\w+", before.text))


def _unbound(name: str) -> SqlError:
    return SqlError(f"[UNBOUND_SQL_PARAMETER] Found the unbound parameter: {name}.")


def _literal(parameter: Parameter) -> str:
    kind = parameter.kind.upper().strip() or "STRING"
    value = parameter.value
    if kind.startswith("ARRAY"):
        return f"array({', '.join(map(_literal, parameter.arguments))})"
    if kind.startswith("MAP"):
        return f"map({', '.join(map(_literal, parameter.arguments))})"
    if not _TYPE.fullmatch(kind):
        raise SqlError(f"[UNSUPPORTED_DATATYPE] A parameter has the unsupported type {kind!r}.")
    if kind in ("VOID", "NULL"):
        return "NULL"
    if value is None:
        return f"CAST(NULL AS {kind})"
    if kind in ("INT", "INTEGER") and _WHOLE.fullmatch(value) and abs(int(value)) < 2**31:
        return str(int(value)) if int(value) >= 0 else f"({int(value)})"
    if kind == "BOOLEAN" and value.lower() in ("true", "false"):
        return value.upper()
    if kind.startswith("INTERVAL "):
        return f"INTERVAL {literal(value)}{kind.removeprefix('INTERVAL')}"
    if kind == "STRING":
        return literal(value)
    return f"CAST({literal(value)} AS {kind})"
