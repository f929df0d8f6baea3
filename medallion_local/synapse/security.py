"""Keys, credentials, principals and permissions: stored for queries of scripts, but not enforced.

A statement is a list of words, because sqlglot parses few of these statements.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from medallion_local.synapse.database import Database
from medallion_local.synapse.errors import TSqlError, unsupported

STARTS = {
    *(("CREATE", kind) for kind in ("MASTER", "DATABASE", "ROLE", "LOGIN", "USER")),
    *(("ALTER", "ROLE"), ("GRANT",), ("DENY",), ("REVOKE",)),
}
SERVER, DATABASE = "server", "database"


@dataclass(frozen=True)
class Security:
    """The words of one statement."""

    words: tuple[str, ...]


def is_security(words: Sequence[str]) -> bool:
    """Whether a statement that begins with these words is a security statement."""
    upper = tuple(word.upper() for word in words[:2])
    return upper in STARTS or upper[:1] in STARTS


def run(statement: Security, database: Database) -> None:
    """Store what a statement creates, grants or denies. Raises for any other statement."""
    words = statement.words
    match [word.upper() for word in words]:
        case ["CREATE", "MASTER", "KEY"]:
            _add(database, "symmetric_keys", ["##MS_DatabaseMasterKey##"])
        case ["CREATE", "DATABASE", "SCOPED", "CREDENTIAL", _, "WITH", "IDENTITY", "=", _]:
            _add(database, "credentials", [words[4], words[8]])
        case ["CREATE", "ROLE", _]:
            _add(database, "principals", [words[2], "R", DATABASE])
        case ["CREATE", "LOGIN", _, "FROM", "EXTERNAL", "PROVIDER"]:
            _add(database, "principals", [words[2], "E", SERVER])
        case ["CREATE", "USER", _, "FOR", "LOGIN", _]:
            _require(database, words[5], SERVER)
            _add(database, "principals", [words[2], "E", DATABASE])
        case ["ALTER", "ROLE", _, "ADD", "MEMBER", _]:
            _require(database, words[2], DATABASE)
            _require(database, words[5], DATABASE)
            database.run(
                "insert or ignore into stand_in.members values (?, ?)", [words[2], words[5]]
            )
        case ["GRANT" | "DENY", *_] as upper if "TO" in upper:
            _permit(database, words, upper)
        case _:
            raise unsupported(f"The statement {' '.join(words)}")


def _permit(database: Database, words: Sequence[str], upper: list[str]) -> None:
    """`GRANT permission [ON class::securable] TO principal`, or DENY, which replaces it."""
    to = upper.index("TO")
    on = upper.index("ON") if "ON" in upper else to
    permission, securable = " ".join(upper[1:on]), "".join(words[on + 1 : to])
    if len(words) != to + 2 or "," in words:
        raise unsupported(f"The list or option in {' '.join(words)}")
    _require(database, words[-1], DATABASE)
    database.run(
        "insert or replace into stand_in.permissions values (?, ?, ?, ?)",
        [words[-1], permission, securable, upper[0]],
    )


def _add(database: Database, table: str, values: list[str]) -> None:
    places = ", ".join("?" * len(values))
    try:
        database.run(f"insert into stand_in.{table} values ({places})", values)
    except TSqlError as error:
        raise TSqlError(f"'{values[0]}' already exists in the current database.", 15023) from error


def _require(database: Database, name: str, scope: str) -> None:
    query = "select 1 from stand_in.principals where name = ? and scope = ?"
    if not database.rows(query, [name, scope]):
        message = f"Cannot find the principal '{name}', because it does not exist."
        raise TSqlError(message, 15151)
