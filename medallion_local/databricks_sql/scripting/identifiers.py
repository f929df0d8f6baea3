"""IDENTIFIER(text): the name that a constant string spells, anywhere in a statement.

It is replaced in the text, before the statement is parsed.
Source: https://docs.databricks.com/sql/language-manual/sql-ref-names-identifier-clause.html
"""

import re

from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.language.dialect import quoted, tokens
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.scripting.execute_immediate import constant

_MAYBE = re.compile(r"\bidentifier\s*\(", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z_]\w*")


def with_identifiers(context: Context, sql: str) -> str:
    """`sql` with names in place of its IDENTIFIER clauses."""
    if not _MAYBE.search(sql):
        return sql
    pieces, end = [], 0
    for token in tokens(sql):
        if token.start < end or token.text.upper() != "IDENTIFIER":
            continue
        reader = Reader(sql[token.end + 1 :])
        if not reader.sees("(") or sql[token.start] == "`":
            continue
        text = reader.parenthesised()
        after = token.end + 1 + reader.position
        stop = sql.rindex(")", token.end, after) + 1
        pieces += [sql[end : token.start], _name(constant(context, text), reader.sees("("))]
        end = stop
    return "".join([*pieces, sql[end:]])


def _name(text: str, called: bool) -> str:
    """The name with each part quoted. Functions keep their spelling: parsers know some of them."""
    reader = Reader(text)
    parts = reader.name()
    if not reader.at_end or not all(parts):
        raise SqlError(f"[PARSE_SYNTAX_ERROR] {text!r} is not the name of an object.")
    if called and all(_PLAIN.fullmatch(part) for part in parts):
        return ".".join(parts)
    return ".".join(quoted(part) for part in parts)
