"""Parse, token by token, the statements for which sqlglot has no tree: SHOW, COMMENT ON, …"""

from sqlglot.tokens import Token, TokenType

from medallion_local.databricks_sql.language.dialect import tokens
from medallion_local.databricks_sql.language.errors import SqlError, unsupported

_LITERAL = {TokenType.STRING, TokenType.IDENTIFIER, TokenType.RAW_STRING}


class Reader:
    """A cursor over a statement's tokens. Keywords match in any case; quoted names never match."""

    def __init__(self, sql: str) -> None:
        self.sql = sql
        self._tokens: list[Token] = [
            word
            for token in tokens(sql)
            if token.token_type != TokenType.SEMICOLON
            for word in _words(token)
        ]
        self._next = 0

    @property
    def at_end(self) -> bool:
        """Whether every token has been read."""
        return self._next >= len(self._tokens)

    @property
    def position(self) -> int:
        """The position in the text at which the next token begins."""
        return len(self.sql) if self.at_end else self._tokens[self._next].start

    def sees(self, *words: str) -> bool:
        """Whether the next tokens are these keywords or symbols."""
        ahead = self._tokens[self._next : self._next + len(words)]
        return len(ahead) == len(words) and all(
            token.token_type not in _LITERAL and token.text.upper() == word
            for token, word in zip(ahead, words, strict=True)
        )

    def take(self, *words: str) -> bool:
        """Read these keywords if they come next. Returns whether they did."""
        found = self.sees(*words)
        if found:
            self._next += len(words)
        return found

    def expect(self, *words: str) -> None:
        """Read these keywords. Raises unless they come next."""
        if not self.take(*words):
            raise unsupported(self.sql)

    def finish(self) -> None:
        """Raise unless all tokens were read."""
        if not self.at_end:
            raise unsupported(self.sql)

    def identifier(self) -> str:
        """One name, quoted or not."""
        if self.at_end:
            raise unsupported(self.sql)
        token = self._tokens[self._next]
        self._next += 1
        return token.text

    def name(self) -> tuple[str, ...]:
        """A name of one to four parts: `catalog.schema.table.column`."""
        parts = [self.identifier()]
        while self.take("."):
            parts.append(self.identifier())
        return tuple(parts)

    def string(self) -> str:
        """A string literal's value."""
        if self.at_end or self._tokens[self._next].token_type not in _LITERAL:
            raise unsupported(self.sql)
        return self.identifier()

    def pairs(self) -> dict[str, str]:
        """`('key' = 'value', …)`."""
        self.expect("(")
        found: dict[str, str] = {}
        while not self.take(")"):
            key = ".".join(self.name())
            found[key] = self.identifier() if self.take("=") else ""
            self.take(",")
        return found

    def strings(self) -> list[str]:
        """`('a', 'b')` or `(a, b)`."""
        self.expect("(")
        found = []
        while not self.take(")"):
            found.append(self.identifier())
            self.take(",")
        return found

    def parenthesised(self) -> str:
        """The source text between the next parenthesis and the one that closes it."""
        self.expect("(")
        start = self._tokens[self._next].start if not self.at_end else 0
        depth = 1
        while not self.at_end:
            token = self._tokens[self._next]
            self._next += 1
            if token.token_type == TokenType.L_PAREN:
                depth += 1
            elif token.token_type == TokenType.R_PAREN:
                depth -= 1
                if depth == 0:
                    return self.sql[start : token.start]
        raise SqlError("[PARSE_SYNTAX_ERROR] A parenthesis is not closed.")

    def end_of(self, *words: str) -> int:
        """Read these keywords. Returns the position in the text after the last one."""
        self.expect(*words)
        return self._tokens[self._next - 1].end + 1

    def rest(self) -> str:
        """The source text from here to the end."""
        if self.at_end:
            return ""
        text = self.sql[self._tokens[self._next].start : self._tokens[-1].end + 1]
        self._next = len(self._tokens)
        return text

    def until(self, *stops: str) -> str:
        """The source text up to the next of these keywords at this depth, which is not read."""
        if self.at_end:
            return ""
        start = self._tokens[self._next].start
        end = start
        depth = 0
        while not self.at_end:
            token = self._tokens[self._next]
            if depth == 0 and token.token_type not in _LITERAL and token.text.upper() in stops:
                break
            depth += (token.token_type == TokenType.L_PAREN) - (
                token.token_type == TokenType.R_PAREN
            )
            end = token.end + 1
            self._next += 1
        return self.sql[start:end]


def _words(token: Token) -> list[Token]:
    """The words of a keyword that the tokenizer reads as one token, such as `CLUSTER BY`."""
    words = token.text.split()
    if len(words) < 2 or token.token_type in _LITERAL:
        return [token]
    found, end = [], token.end
    start = token.start
    for word in words[:-1]:
        found.append(
            Token(TokenType.VAR, word, token.line, token.col, start, start + len(word) - 1)
        )
        start += len(word) + 1
    found.append(
        Token(TokenType.VAR, words[-1], token.line, token.col, end - len(words[-1]) + 1, end)
    )
    return found
