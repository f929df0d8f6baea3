"""T-SQL parsed by sqlglot without its function rewrites: each function keeps its T-SQL name."""

import logging
from functools import lru_cache
from typing import Any, ClassVar

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError, TokenError
from sqlglot.tokens import Token, TokenType

from medallion.errors import MedallionError

_SYNTAX = ("CAST", "CONVERT", "TRY_CAST", "TRY_CONVERT", "STRING_AGG", "OPENJSON", "TRIM")


class OpenRowset(exp.Expression):
    """`OPENROWSET(BULK 'path', DATA_SOURCE = 'name', FORMAT = 'DELTA') WITH (columns)`.

    `options` are the assignments by upper-case name; `expressions` the columns' definitions.
    """

    arg_types = {"this": True, "options": True, "expressions": False}  # noqa: RUF012


class ExecuteText(exp.Expression):
    """`EXEC ('text')`: `this` is the text."""

    arg_types = {"this": True}  # noqa: RUF012


class CreateDataSource(exp.Expression):
    """`CREATE EXTERNAL DATA SOURCE name WITH (LOCATION = 'url', …)`."""

    arg_types = {"this": True, "options": True}  # noqa: RUF012


class Plain(TSQL):
    """sqlglot's T-SQL in which a function call is only a name and its arguments.

    It also reads OPENROWSET, external data sources and EXEC of a text.
    """

    class Tokenizer(TSQL.Tokenizer):
        """float and real are two types; `!<` and `!>` stay unknown."""

        KEYWORDS = {  # noqa: RUF012
            **TSQL.Tokenizer.KEYWORDS,
            "FLOAT": TokenType.DOUBLE,
            "REAL": TokenType.FLOAT,
        }

    class Parser(TSQL.Parser):
        """Only functions with special syntax get a separate parser.

        Operators have T-SQL's precedence: `& ^ |` that of `+ -`, and a sign is weaker than `* / %`.
        https://learn.microsoft.com/sql/t-sql/language-elements/operator-precedence-transact-sql
        """

        BITWISE: ClassVar[dict] = {}
        TERM: ClassVar[dict] = {**TSQL.Parser.TERM, **TSQL.Parser.BITWISE}
        UNARY_PARSERS = {  # noqa: RUF012
            **TSQL.Parser.UNARY_PARSERS,
            TokenType.PLUS: lambda self: self._parse_factor(),
            TokenType.DASH: lambda self: self.expression(exp.Neg(this=self._parse_factor())),
        }

        FUNCTIONS: ClassVar[dict] = {}
        FUNCTION_PARSERS = {  # noqa: RUF012
            **{k: v for k, v in TSQL.Parser.FUNCTION_PARSERS.items() if k in _SYNTAX},
            "OPENROWSET": lambda self: self._parse_openrowset(),
        }
        NO_PAREN_FUNCTIONS = {  # noqa: RUF012
            token: kind
            for token, kind in TSQL.Parser.NO_PAREN_FUNCTIONS.items()
            if token is TokenType.CURRENT_TIMESTAMP
        }

        def _parse_openrowset(self) -> OpenRowset:
            self._match_text_seq("BULK")
            path = self._parse_string()
            options = self._parse_assignments() if self._match(TokenType.COMMA) else {}
            columns = None
            # The closing parenthesis stays for the caller, unless columns follow it.
            if self._match_pair(TokenType.R_PAREN, TokenType.WITH):
                self._match_l_paren()
                columns = self._parse_csv(self._parse_field_def)
            return self.expression(OpenRowset(this=path, options=options, expressions=columns))

        def _parse_assignments(self) -> dict[str, exp.Expression]:
            found: dict[str, exp.Expression] = {}
            while True:
                name = self._parse_id_var()
                if name is None or not self._match(TokenType.EQ):
                    self.raise_error("Expected NAME = value")
                    return found
                value = self._parse_string() or self._parse_id_var()
                found[name.name.upper()] = value
                if not self._match(TokenType.COMMA):
                    return found

        def _parse_execute(self) -> exp.Expression:
            if self._match(TokenType.L_PAREN):
                text = self._parse_primary()
                self._match_r_paren()
                return self.expression(ExecuteText(this=text))
            return super()._parse_execute()

        def _parse_create(self) -> Any:
            if self._match_text_seq("EXTERNAL", "DATA", "SOURCE"):
                name = self._parse_id_var()
                self._match(TokenType.WITH)
                self._match_l_paren()
                options = self._parse_assignments()
                self._match_r_paren()
                return self.expression(CreateDataSource(this=name, options=options))
            return super()._parse_create()

    class Generator(TSQL.Generator):
        """Writes the three constructs, for errors."""

        TRANSFORMS = {  # noqa: RUF012
            **TSQL.Generator.TRANSFORMS,
            OpenRowset: lambda self, node: f"OPENROWSET(BULK {self.sql(node, 'this')}, …)",
            ExecuteText: lambda self, node: f"EXEC ({self.sql(node, 'this')})",
            CreateDataSource: lambda self, node: (
                f"CREATE EXTERNAL DATA SOURCE {self.sql(node, 'this')}"
            ),
        }


def parse(batch: str) -> list[exp.Expression]:
    """The statements of one batch. Semicolons must separate them."""
    return [tree.copy() for tree in _parsed(batch)]


def batches(script: str) -> list[str]:
    """The batches of a script. As in sqlcmd, a line `GO` separates them."""
    tokens = _tokens(script)
    found: list[str] = []
    start = 0
    for index, token in enumerate(tokens):
        first = index == 0 or tokens[index - 1].line < token.line
        last = index + 1 == len(tokens) or tokens[index + 1].line > token.line
        if first and last and token.text.upper() == "GO":
            found.append(script[start : token.start])
            start = token.end + 1
    found.append(script[start:])
    return [batch for batch in found if _tokens(batch)]


# An emulator reads the same texts again and again, and a script without GO is its only batch.
@lru_cache(maxsize=256)
def _tokens(text: str) -> list[Token]:
    try:
        return Plain().tokenize(text)
    except TokenError as error:
        raise _unreadable(error) from None


@lru_cache(maxsize=256)
def _parsed(batch: str) -> tuple[exp.Expression, ...]:
    log = logging.getLogger("sqlglot")
    level = log.level
    log.setLevel(logging.ERROR)  # the session checks statements that become raw commands
    try:
        trees = Plain().parser().parse(_tokens(batch), batch)
    except SqlglotError as error:
        raise _unreadable(error) from None
    finally:
        log.setLevel(level)
    return tuple(tree for tree in trees if tree is not None and not isinstance(tree, exp.Semicolon))


def _unreadable(error: SqlglotError) -> MedallionError:
    place: dict[str, object] = next(iter(getattr(error, "errors", [])), {})
    why = place.get("description", str(error).splitlines()[0])
    return MedallionError(
        f"Msg 102: the T-SQL cannot be read near {place.get('highlight', '?')!r} on line "
        f"{place.get('line', '?')} ({why}): check it, and put semicolons between statements"
    )
