"""T-SQL as sqlglot parses it, with what it lacks: OPENROWSET, data sources, EXEC of a text."""

from typing import Any

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.errors import SqlglotError
from sqlglot.tokens import TokenType

from medallion_local.synapse.errors import SYNTAX, TSqlError
from medallion_local.tsql.dialect import Unreadable, read


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


class Serverless(TSQL):
    """The dialect of the serverless SQL pool."""

    class Parser(TSQL.Parser):
        """Adds the three constructs to sqlglot's T-SQL."""

        FUNCTION_PARSERS = {  # noqa: RUF012
            **TSQL.Parser.FUNCTION_PARSERS,
            "OPENROWSET": lambda self: self._parse_openrowset(),
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


def parse(batch: str) -> list[exp.Expression]:
    """The statements of one batch."""
    try:
        return read(batch, Serverless)
    except Unreadable as fault:
        raise TSqlError(
            f"The stand-in cannot read the T-SQL near {fault.near!r} on line {fault.line}: "
            f"{fault.why}",
            SYNTAX,
        ) from None


def brief(tree: exp.Expression) -> str:
    """A statement or construct in a few words, for errors."""
    try:
        text = tree.sql(dialect=TSQL)
    except (SqlglotError, ValueError):
        text = tree.key
    text = " ".join(text.split())
    return text[:77] + "…" if len(text) > 78 else text
