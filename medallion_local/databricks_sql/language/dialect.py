"""Parse Databricks SQL to trees and render it, without changing functions.

The grammar is sqlglot's Databricks dialect, which translates function names between engines. Here
both sides are Spark SQL, so functions are passed through and cannot be changed by accident.
"""

import logging
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import ParseError, TokenError
from sqlglot.tokens import Token, TokenType

from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.language.syntax_errors import syntax_error

logging.getLogger("sqlglot").setLevel(logging.ERROR)


@lru_cache(maxsize=256)
def _type_named(name: str) -> exp.DataType:
    return exp.DataType.build(name, udt=True)


def _compare_without_parsing() -> None:
    """Let sqlglot parse each type name once.

    `DataType.is_type("float")` parses its argument on each call, and the parser and the generator
    call it for each type: this took a fifth of the warehouse's time.
    """
    compare = exp.DataType.is_type

    def is_type(self: exp.DataType, *kinds: Any, check_nullable: bool = False) -> bool:
        known = [_type_named(kind) if isinstance(kind, str) else kind for kind in kinds]
        return compare(self, *known, check_nullable=check_nullable)

    exp.DataType.is_type = is_type


_compare_without_parsing()

# The words that are types, or are also parts of other clauses. sqlglot knows those of all
# databases.
# Source: https://docs.databricks.com/sql/language-manual/sql-ref-datatypes.html
_TYPE_WORDS = frozenset(
    {
        *("ARRAY", "BIGINT", "BINARY", "BOOLEAN", "BYTE", "CHAR", "CHARACTER", "DATE", "DEC"),
        *("DECIMAL", "DOUBLE", "FLOAT", "GEOGRAPHY", "GEOMETRY", "INT", "INTEGER", "INTERVAL"),
        *("LONG", "MAP", "NULL", "NUMERIC", "RANGE", "REAL", "SHORT", "SMALLINT", "STRING"),
        *("STRUCT", "TIMESTAMP", "TIMESTAMP_LTZ", "TIMESTAMP_NTZ", "TINYINT", "UNION", "VARCHAR"),
        *("VARIANT", "VOID"),
    }
)

# The key of MAX RECURSION LEVEL among an alias's notes.
MOST_LEVELS = "most_levels"


_OWN_GRAMMAR = frozenset(
    {
        *("CAST", "TRY_CAST", "EXTRACT", "OVERLAY", "POSITION", "SUBSTR", "SUBSTRING", "TRIM"),
        *("BROADCAST", "BROADCASTJOIN", "MAPJOIN", "MERGE", "MERGEJOIN"),
        *("SHUFFLEMERGE", "SHUFFLE_HASH", "SHUFFLE_REPLICATE_NL"),
    }
)


def _outside(literal: exp.Cast) -> exp.Expression:
    """The tree of a typed literal whose operators were parsed inside of it."""
    operated = text = literal.this
    while isinstance(text, exp.Cast | exp.Bracket | exp.Dot | exp.JSONExtract):
        text = text.this
    if not isinstance(text, exp.Literal):
        return literal
    text.replace(exp.Cast(this=text.copy(), to=literal.to))
    operated.parent = None
    return operated


_UNSIZED = "medallion_unsized"  # marks the type VARCHAR or CHAR without a length


class RowFilterProperty(exp.Property):
    """WITH ROW FILTER function ON (columns). sqlglot has no tree for it."""

    arg_types = {"this": True, "expressions": False}  # noqa: RUF012


class _PassThrough(Databricks):
    SUPPORTS_USER_DEFINED_TYPES = True  # so that the parser names an unknown type

    class Tokenizer(Databricks.Tokenizer):
        KEYWORDS = {  # noqa: RUF012
            word: token
            for word, token in Databricks.Tokenizer.KEYWORDS.items()
            if word in _TYPE_WORDS or token not in Databricks.Parser.TYPE_TOKENS
        }
        # Otherwise SHOW and similar commands would take the rest of the statement as one string.
        COMMANDS: set = set()  # noqa: RUF012
        # A doubled quote is one quote, as in Spark 4. The first escape is the one that is rendered.
        STRING_ESCAPES = ["\\", "'", '"']  # noqa: RUF012

    class Parser(Databricks.Parser):
        has_unknown_types = False  # perhaps only where something else was meant
        DESCRIBE_STYLES = Databricks.Parser.DESCRIBE_STYLES | {"DETAIL"}
        # ARRAY must stay known: otherwise `array(1, 2)[0]` is parsed as the literal `ARRAY[0]`.
        FUNCTIONS = {"ARRAY": Databricks.Parser.FUNCTIONS["ARRAY"]}  # noqa: RUF012
        # Only functions with a grammar of their own, and hints. sqlglot translates the others.
        FUNCTION_PARSERS = {  # noqa: RUF012
            name: parser
            for name, parser in Databricks.Parser.FUNCTION_PARSERS.items()
            if name in _OWN_GRAMMAR
        }

        CONSTRAINT_PARSERS = {  # noqa: RUF012
            **Databricks.Parser.CONSTRAINT_PARSERS,
            "MASK": lambda self: self._parse_mask(),
        }

        def _parse_mask(self) -> exp.Expression:
            """`MASK function [USING COLUMNS (arguments)]` of a column."""
            function = self._parse_table_parts()
            others = []
            if self._match_text_seq("USING", "COLUMNS"):
                others = self._parse_wrapped_csv(self._parse_assignment, optional=False)
            return exp.MaskingPolicyColumnConstraint(this=function, expressions=others)

        def _parse_with_property(self) -> Any:
            """`WITH ROW FILTER function ON (columns)` of a table, or another clause WITH."""
            if not self._match_text_seq("ROW", "FILTER"):
                return super()._parse_with_property()
            function = self._parse_table_parts()
            self._match(TokenType.ON)
            arguments = self._parse_wrapped_csv(self._parse_assignment, optional=False)
            return RowFilterProperty(this=function, expressions=arguments)

        def _parse_type(
            self, parse_interval: bool = True, fallback_to_identifier: bool = False
        ) -> exp.Expression | None:
            """`DATE '…'::STRING` casts the DATE; sqlglot casts the text within the literal."""
            following = self._next
            node = super()._parse_type(parse_interval, fallback_to_identifier)
            if (
                following is not None
                and following.token_type == TokenType.STRING
                and type(node) is exp.Cast
                and not isinstance(node.this, exp.Literal)
            ):
                return _outside(node)
            return node

        def _parse_types(self, *args: Any, **kwargs: Any) -> exp.Expression | None:
            """A type. One without its length is marked: `char` may be a name, so it is no error."""
            first = self._curr
            found = super()._parse_types(*args, **kwargs)
            alone = isinstance(found, exp.DataType) and self._prev is first
            if alone and first.token_type in (TokenType.VARCHAR, TokenType.CHAR):
                self.has_unknown_types = True
                found.meta[_UNSIZED] = first.text.upper()
            return found

        def _parse_user_defined_type(self, identifier: exp.Identifier) -> exp.Expression | None:
            """An unknown type. `struct(a, b)` is first tried as a type, so it is no error yet."""
            self.has_unknown_types = True
            field = self._match(TokenType.COLON) and self._advance_any()  # of a STRUCT
            name = (field.text if field else identifier.name).upper()
            return exp.DataType(this=exp.DType.USERDEFINED, kind=name)

        def _parse_table_parts(self, *args: Any, **kwargs: Any) -> exp.Expression:
            """A table's name, with Databricks' `name@v1` and `name@yyyyMMddHHmmssSSS`."""
            table = super()._parse_table_parts(*args, **kwargs)
            if isinstance(table, exp.Table) and self._match(TokenType.PARAMETER):
                table.set("version", _as_of(self._advance_any().text))
            return table

        def _parse_table_alias(self, alias_tokens: Any = None) -> exp.TableAlias | None:
            """An alias; that of a recursive expression may have MAX RECURSION LEVEL."""
            alias = super()._parse_table_alias(alias_tokens)
            if alias is not None and self._match_text_seq("MAX", "RECURSION", "LEVEL"):
                number = self._parse_number()
                if number is not None:
                    alias.meta[MOST_LEVELS] = number.name
            return alias

    class Generator(Databricks.Generator):
        # Hive's generator moves a subquery's CTEs to the top, where those of two views would clash.
        EXPRESSIONS_WITHOUT_NESTED_CTES: set = set()  # noqa: RUF012

        def tablealias_sql(self, expression: exp.TableAlias) -> str:
            """The alias, with its recursion level."""
            text = super().tablealias_sql(expression)
            levels = expression.meta.get(MOST_LEVELS)
            return f"{text} MAX RECURSION LEVEL {levels}" if levels else text


def _as_of(text: str) -> exp.Version:
    """The clause for `v1`, or for the digits of a time."""
    if text[:1] in "vV":
        return exp.Version(this="VERSION", expression=exp.Literal.number(text[1:]), kind="AS OF")
    try:
        found = datetime.strptime(text + "000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        raise ParseError(f"@{text} is neither @v<version> nor @yyyyMMddHHmmssSSS.") from None
    moment = exp.Literal.string(f"{found:%Y-%m-%d %H:%M:%S.%f}")
    return exp.Version(this="TIMESTAMP", expression=moment, kind="AS OF")


_DIALECT = _PassThrough()


@lru_cache(maxsize=64)
def tokens(sql: str) -> list[Token]:
    """The tokens of `sql`, which the caller must not change.

    Comments are attached to tokens; they are not tokens.
    """
    try:
        return _DIALECT.tokenize(sql)
    except TokenError as error:
        raise syntax_error(error, sql) from None


@lru_cache(maxsize=512)
def _parsed(sql: str) -> exp.Expression:
    parser = _DIALECT.parser()
    try:
        trees = [tree for tree in parser.parse(tokens(sql), sql) if tree is not None]
    except ParseError as error:
        raise syntax_error(error, sql) from None
    if len(trees) != 1:
        raise SqlError(f"[PARSE_SYNTAX_ERROR] Expected one statement, found {len(trees)}.")
    for kind in trees[0].find_all(exp.DataType) if parser.has_unknown_types else ():
        _require_valid(kind)
    return trees[0]


def _require_valid(kind: exp.DataType) -> None:
    if kind.this == exp.DType.USERDEFINED:
        raise SqlError(f'[UNSUPPORTED_DATATYPE] Unsupported data type "{kind.args["kind"]}".')
    if name := kind.meta.get(_UNSIZED):
        name = f'"{name}"'
        raise SqlError(
            f"[DATATYPE_MISSING_SIZE] DataType {name} requires a length parameter, for example "
            f"{name}(10). Please specify the length."
        )


def parse(sql: str) -> exp.Expression:
    """The tree of the only statement in `sql`. The caller may change it."""
    return _parsed(sql).copy()


def render(tree: exp.Expression, keep: bool = True) -> str:
    """The Spark SQL text of `tree`, without comments.

    `keep=False` is for a tree that nobody reads afterwards: rendering may change it, which saves
    the time of a copy.
    """
    return _DIALECT.generate(tree, copy=keep, normalize_functions=False, comments=False)


def quoted(name: str) -> str:
    """`name` as a quoted identifier."""
    return "`" + name.replace("`", "``") + "`"


def literal(text: str) -> str:
    """`text` as a string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def first_line(error: Exception | str) -> str:
    """The first line of an error's text."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
