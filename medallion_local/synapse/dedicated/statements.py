"""The pool's own statements, parsed by token, because sqlglot has no classes for them.

Source: https://learn.microsoft.com/sql/t-sql/statements/create-table-azure-sql-data-warehouse,
create-table-as-select-azure-sql-data-warehouse, copy-into-transact-sql, rename-transact-sql
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sqlglot import exp
from sqlglot.dialects.tsql import TSQL
from sqlglot.tokens import Token, TokenType

from medallion_local.synapse.errors import SYNTAX, TSqlError
from medallion_local.tsql.dialect import Plain, parse
from medallion_local.tsql.errors import brief

TEXTS = {TokenType.STRING, TokenType.NATIONAL_STRING, TokenType.IDENTIFIER}


class Words(Plain):
    """The dialect without commands: sqlglot's lexer would read all after RENAME as one token."""

    class Tokenizer(TSQL.Tokenizer):
        """Reads every word as a separate token."""

        COMMANDS: set = set()  # noqa: RUF012
        KEYWORDS = {  # noqa: RUF012
            word: kind
            for word, kind in TSQL.Tokenizer.KEYWORDS.items()
            if word not in ("UPDATE STATISTICS", "CLUSTERED INDEX")
        }


def refused(what: str) -> TSqlError:
    """The error for an unsupported statement or construct, which it names."""
    return TSqlError(f"{what} is not supported by the emulator of the dedicated pool.")


@dataclass(frozen=True)
class Name:
    """A table's or view's name."""

    schema: str
    name: str

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"


@dataclass(frozen=True)
class Layout:
    """A table's layout: `ROUND_ROBIN`, `REPLICATE` or `HASH(column)`, index and partitions."""

    distribution: str
    index: str
    partition: str
    columns: tuple[str, ...]


@dataclass(frozen=True)
class CreateTable:
    """`CREATE TABLE` with columns, or AS a query."""

    name: Name
    layout: Layout
    columns: Sequence[exp.ColumnDef] = ()
    query: exp.Query | None = None


@dataclass(frozen=True)
class Rename:
    """`RENAME OBJECT old TO new`."""

    name: Name
    new: str


@dataclass(frozen=True)
class CopyInto:
    """`COPY INTO table (columns) FROM 'folder', … WITH (FILE_TYPE = 'PARQUET', …)`."""

    name: Name
    columns: tuple[str, ...]
    folders: tuple[str, ...]


@dataclass(frozen=True)
class Statistics:
    """`CREATE` (with columns) or `UPDATE STATISTICS`."""

    table: Name
    name: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transaction:
    """`BEGIN`, `COMMIT` or `ROLLBACK TRANSACTION`."""

    verb: str


Own: TypeAlias = CreateTable | Rename | CopyInto | Statistics | Transaction


def leaf(text: str) -> list[Own | exp.Expression]:
    """The statement in `text`, or several if sqlglot parses it into several."""
    reader = Reader(text)
    if reader.take("CREATE", "TABLE"):
        return [_create_table(reader)]
    if reader.take("RENAME", "OBJECT"):
        while reader.take(":"):
            pass
        name = reader.name()
        reader.expect("TO")
        new = reader.identifier()
        reader.finish()
        return [Rename(name, new)]
    if reader.take("COPY", "INTO"):
        return [_copy_into(reader)]
    if reader.take("CREATE", "STATISTICS"):
        called = reader.identifier()
        reader.expect("ON")
        table, columns = reader.name(), reader.names()
        reader.take("WITH", "FULLSCAN")
        reader.finish()
        return [Statistics(table, called, columns)]
    if reader.take("UPDATE", "STATISTICS"):
        table, names = reader.name(), reader.names()
        if len(names) != 1:
            raise refused(f"The statement {reader.brief()}")
        reader.finish()
        return [Statistics(table, names[0])]
    for verb in ("BEGIN", "COMMIT", "ROLLBACK"):
        if reader.take(verb):
            if not reader.take("TRANSACTION"):
                reader.expect("TRAN")
            reader.finish()
            return [Transaction(verb)]
    return list(parse(reader.without_label()))


def _create_table(reader: "Reader") -> CreateTable:
    name = reader.name()
    listed = reader.enclosed() if reader.sees("(") else ""
    reader.expect("WITH")
    layout = _layout(Reader(reader.enclosed()))
    if listed:
        reader.finish()
        (tree,) = parse(f"CREATE TABLE x ({listed})")
        return CreateTable(name, layout, columns=list(tree.find_all(exp.ColumnDef)))
    reader.expect("AS")
    (query,) = parse(reader.rest())
    if not isinstance(query, exp.Query):
        raise refused(f"CREATE TABLE AS {brief(query)}")
    return CreateTable(name, layout, query=query.unnest())


def _layout(reader: "Reader") -> Layout:
    """`DISTRIBUTION = …, an index, PARTITION (column RANGE RIGHT FOR VALUES (…))`."""
    distribution, index, partition = "", "CLUSTERED COLUMNSTORE INDEX", ""
    columns: list[str] = []
    while True:
        if reader.take("DISTRIBUTION", "="):
            distribution = reader.identifier().upper()
            named = reader.names() if distribution == "HASH" else ()
            if distribution not in ("HASH", "REPLICATE", "ROUND_ROBIN") or len(named) > 1:
                raise refused(f"DISTRIBUTION = {distribution} ({', '.join(named)})")
            columns += named
            distribution += f"({named[0]})" if named else ""
        elif reader.take("HEAP"):
            index = "HEAP"
        elif reader.take("CLUSTERED", "COLUMNSTORE", "INDEX"):
            index = "CLUSTERED COLUMNSTORE INDEX"
            if reader.take("ORDER"):
                ordered = reader.names()
                columns += ordered
                index += f" ORDER ({', '.join(ordered)})"
        elif reader.take("CLUSTERED", "INDEX"):
            keys = reader.names()
            columns += keys
            index = f"CLUSTERED INDEX ({', '.join(keys)})"
        elif reader.take("PARTITION"):
            inner = Reader(reader.enclosed())
            columns.append(inner.identifier())
            partition = f"{columns[-1]} {_partition(inner)}"
        else:
            raise refused(f"The table option {reader.rest()}")
        if not reader.take(","):
            break
    if not distribution:
        raise TSqlError("CREATE TABLE needs a DISTRIBUTION in its WITH clause.", SYNTAX)
    reader.finish()
    return Layout(distribution, index, partition, tuple(columns))


def _partition(reader: "Reader") -> str:
    reader.expect("RANGE")
    side = "RIGHT" if reader.take("RIGHT") else "LEFT"
    reader.take("LEFT")
    reader.expect("FOR", "VALUES")
    bounds = [int(one) for one in reader.names()]
    if sorted(set(bounds)) != bounds:
        raise TSqlError("The boundaries of PARTITION must be in ascending order.", SYNTAX)
    return f"RANGE {side} FOR VALUES ({', '.join(map(str, bounds))})"


def _copy_into(reader: "Reader") -> CopyInto:
    name = reader.name()
    columns = reader.names() if reader.sees("(") else ()
    reader.expect("FROM")
    folders = [reader.string()]
    while reader.take(","):
        folders.append(reader.string())
    reader.expect("WITH")
    options = Reader(reader.enclosed())
    reader.finish()
    found: dict[str, str] = {}
    while True:
        option = options.identifier().upper()
        options.expect("=")
        found[option] = options.enclosed() if options.sees("(") else options.identifier()
        if not options.take(","):
            break
    options.finish()
    if found.pop("FILE_TYPE", "").upper() != "PARQUET":
        raise refused("COPY INTO of files other than Parquet")
    credential = "".join(found.pop("CREDENTIAL", "").split()).upper()
    if credential != "IDENTITY='MANAGEDIDENTITY'":
        raise refused("COPY INTO with a CREDENTIAL other than (IDENTITY = 'Managed Identity')")
    if found:
        raise refused(f"COPY INTO with {', '.join(sorted(found))}")
    return CopyInto(name, columns, tuple(folders))


class Reader:
    """A cursor over a statement's tokens. Keywords match in any case, unless they are quoted."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens: list[Token] = Words().tokenize(text)
        self._next = 0

    def sees(self, *words: str) -> bool:
        """Whether these words come next."""
        ahead = self._tokens[self._next : self._next + len(words)]
        return len(ahead) == len(words) and all(map(_is, ahead, words))

    def take(self, *words: str) -> bool:
        """Read past these words if they come next."""
        found = self.sees(*words)
        self._next += len(words) if found else 0
        return found

    def expect(self, *words: str) -> None:
        """Read past these words, which must come next."""
        if not self.take(*words):
            raise refused(f"The statement {self.brief()}")

    def finish(self) -> None:
        """Raise if any token follows."""
        if self._next < len(self._tokens):
            raise refused(f"The statement {self.brief()}")

    def identifier(self) -> str:
        """One name, quoted or not."""
        if self._next >= len(self._tokens):
            raise refused(f"The statement {self.brief()}")
        self._next += 1
        return str(self._tokens[self._next - 1].text)

    def string(self) -> str:
        """A text's value."""
        if self._next < len(self._tokens) and self._tokens[self._next].token_type in TEXTS:
            return self.identifier()
        raise refused(f"The statement {self.brief()}")

    def name(self) -> Name:
        """`[database.][schema.]name`; the database is the session's own."""
        parts = [self.identifier()]
        while self.take("."):
            parts.append(self.identifier())
        return Name(parts[-2] if len(parts) > 1 else "dbo", parts[-1])

    def names(self) -> tuple[str, ...]:
        """`(a, b)`."""
        inner = Reader(self.enclosed())
        found = [inner.identifier()]
        while inner.take(","):
            found.append(inner.identifier())
        inner.finish()
        return tuple(found)

    def enclosed(self) -> str:
        """The text inside the parentheses that come next."""
        self.expect("(")
        start = self._next
        depth = 1
        while depth and self._next < len(self._tokens):
            depth += _is(self._tokens[self._next], "(") - _is(self._tokens[self._next], ")")
            self._next += 1
        return self._between(start, self._next - 1)

    def rest(self) -> str:
        """The text from here to the end."""
        start, self._next = self._next, len(self._tokens)
        return self._between(start, self._next)

    def without_label(self) -> str:
        """The whole text without an `OPTION (LABEL = '…')` at its end, which changes no row."""
        end = len(self._tokens) - 6
        if end > 0 and all(map(_is, self._tokens[end:], ("OPTION", "(", "LABEL", "="))):
            return self._between(0, end)
        return self._between(0, len(self._tokens))

    def brief(self) -> str:
        """The statement in a few words."""
        text = " ".join(self._text.split())
        return text[:77] + "…" if len(text) > 78 else text

    def _between(self, start: int, end: int) -> str:
        if start >= end:
            return ""
        return self._text[self._tokens[start].start : self._tokens[end - 1].end + 1]


def _is(token: Token, word: str) -> bool:
    return token.token_type not in TEXTS and str(token.text).upper() == word
