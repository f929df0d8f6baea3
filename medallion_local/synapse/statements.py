"""Split a batch into statements by its tokens; sqlglot would read all after BEGIN as one block."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlglot import exp
from sqlglot.tokens import Token, TokenType

from medallion_local.synapse.errors import SYNTAX, TSqlError, unsupported
from medallion_local.synapse.security import Security, is_security
from medallion_local.tsql.dialect import Plain, parse

TEXTS = {TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.IDENTIFIER}
# Keywords that end the condition of an IF.
STARTS = {"BEGIN", "EXEC", "EXECUTE", "SELECT", "CREATE", "DROP", "ALTER", "PRINT", "GRANT", "DENY"}
STARTS |= {"RENAME", "UPDATE", "INSERT", "DELETE", "COPY"}
TRANSACTIONS = {"TRAN", "TRANSACTION"}


@dataclass(frozen=True)
class If:
    """`IF condition … ELSE …`; `condition` is a query with a row if it is true."""

    condition: exp.Expression
    then: "Sequence[Statement]"
    otherwise: "Sequence[Statement]"


Statement: TypeAlias = If | Security | Any  # or a sqlglot expression, which mypy treats as Any


def statements(
    batch: str, read: Callable[[str], list] = parse, dialect: type[Plain] = Plain
) -> list[Statement]:
    """The statements of one batch, with nested blocks and IFs. `read` parses the text of one."""
    return _Cutter(batch, read, dialect).all()


class _Cutter:
    """Reads the tokens once; `at` is the index of the next one."""

    def __init__(self, batch: str, read: Callable[[str], list], dialect: type[Plain]) -> None:
        self.batch = batch
        self.read = read
        self.tokens = dialect().tokenize(batch)
        self.at = 0

    def all(self) -> list[Statement]:
        found: list[Statement] = []
        while self.at < len(self.tokens):
            if not self._take(";"):
                found += self._statement()
        return found

    def _statement(self) -> list[Statement]:
        if self._take("IF"):
            return [self._if()]
        start = self.at
        # BEGIN TRANSACTION is a statement; `read` accepts or rejects it.
        if self._word(start + 1) not in TRANSACTIONS and self._take("BEGIN"):
            if self._peek() == "TRY":
                raise unsupported("BEGIN TRY")
            return self._block()
        self._skip(lambda word: word in (";", "END", "ELSE"))
        if start == self.at:
            raise TSqlError(
                f"{self.tokens[self.at].text!r} is not the start of a statement.", SYNTAX
            )
        words = [token.text for token in self.tokens[start : self.at]]
        if is_security(words):
            return [Security(tuple(words))]
        return list(self.read(self._text(start)))

    def _if(self) -> If:
        start = self.at
        self._skip(lambda word: word in STARTS)
        (condition,) = parse(f"SELECT 1 AS holds WHERE {self._text(start)}")
        then = self._statement()
        while self._peek() == ";" and self._word(self.at + 1) == "ELSE":
            self.at += 1
        return If(condition, then, self._statement() if self._take("ELSE") else [])

    def _block(self) -> list[Statement]:
        found: list[Statement] = []
        while not self._take("END"):
            if self.at >= len(self.tokens):
                raise TSqlError("A BEGIN has no END.", SYNTAX)
            if not self._take(";"):
                found += self._statement()
        return found

    def _skip(self, stops: Callable[[str], bool]) -> None:
        """Move to the first token outside parentheses and CASE that `stops` accepts, or the end."""
        depth = 0
        while self.at < len(self.tokens):
            word = self._peek()
            if depth == 0 and stops(word):
                return
            depth += word in ("(", "CASE")
            depth -= word == ")" or (word == "END" and depth > 0)
            self.at += 1

    def _text(self, start: int) -> str:
        if start >= self.at:
            return ""
        return self.batch[self.tokens[start].start : self.tokens[self.at - 1].end + 1]

    def _take(self, word: str) -> bool:
        if self._peek() != word:
            return False
        self.at += 1
        return True

    def _peek(self) -> str:
        return self._word(self.at)

    def _word(self, index: int) -> str:
        if index >= len(self.tokens):
            return ""
        token: Token = self.tokens[index]
        return "" if token.token_type in TEXTS else str(token.text).upper()
