"""T-SQL parsed by sqlglot without its function rewrites: each function keeps its T-SQL name."""

import logging
from dataclasses import dataclass
from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType

from medallion.errors import MedallionError

_SYNTAX = ("CAST", "CONVERT", "TRY_CAST", "TRY_CONVERT", "STRING_AGG", "OPENJSON", "TRIM")


class Plain(TSQL):
    """sqlglot's T-SQL in which a function call is only a name and its arguments."""

    class Tokenizer(TSQL.Tokenizer):
        """float and real are two types; `!<` and `!>` stay unknown."""

        KEYWORDS = {  # noqa: RUF012
            **TSQL.Tokenizer.KEYWORDS,
            "FLOAT": TokenType.DOUBLE,
            "REAL": TokenType.FLOAT,
        }

    class Parser(TSQL.Parser):
        """Only functions with special syntax get a parser of their own."""

        FUNCTIONS: ClassVar[dict] = {}
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser for name, parser in TSQL.Parser.FUNCTION_PARSERS.items() if name in _SYNTAX
        }
        NO_PAREN_FUNCTIONS = {  # noqa: RUF012
            token: kind
            for token, kind in TSQL.Parser.NO_PAREN_FUNCTIONS.items()
            if token is TokenType.CURRENT_TIMESTAMP
        }


@dataclass
class Unreadable(Exception):
    """T-SQL that cannot be parsed: the text near the error, its line, and the reason."""

    near: str
    line: object
    why: str


def read(batch: str, dialect: type[TSQL]) -> list[exp.Expression]:
    """The statements of one batch in a dialect. Raises `Unreadable`."""
    log = logging.getLogger("sqlglot")
    level = log.level
    log.setLevel(logging.ERROR)  # the session checks statements that become raw commands
    try:
        trees = sqlglot.parse(batch, read=dialect)
    except SqlglotError as error:
        place: dict[str, object] = next(iter(getattr(error, "errors", [])), {})
        why = str(place.get("description", str(error).splitlines()[0]))
        raise Unreadable(str(place.get("highlight", "?")), place.get("line", "?"), why) from None
    finally:
        log.setLevel(level)
    return [tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon)]


def parse(batch: str) -> list[exp.Expression]:
    """The statements of one batch. Semicolons must separate them."""
    try:
        return read(batch, Plain)
    except Unreadable as fault:
        raise MedallionError(
            f"the T-SQL cannot be read near {fault.near!r} on line {fault.line} ({fault.why}): "
            "check it, and put semicolons between statements"
        ) from None
