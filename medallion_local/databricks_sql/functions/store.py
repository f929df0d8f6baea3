"""The functions of the catalog, in its SQLite file."""

import json
import sqlite3
import threading
import time
from dataclasses import asdict, dataclass, field, replace

from medallion_local.databricks_sql.engine import CATALOG
from medallion_local.databricks_sql.language.errors import SqlError

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Parameter:
    """A parameter of a function; `default` is an expression or empty."""

    name: str
    type: str
    default: str = ""
    comment: str | None = None


@dataclass(frozen=True)
class Function:
    """A function in SQL or Python.

    `columns` are those of a table function; `returns` is a scalar's type.
    """

    schema: str
    name: str
    catalog: str
    parameters: list[Parameter]
    returns: str
    body: str
    is_table: bool = False
    columns: list[Parameter] = field(default_factory=list)
    comment: str | None = None
    deterministic: bool = True
    data_access: str = "CONTAINS SQL"
    query_schema: str = "default"
    query_catalog: str = CATALOG
    created: float = 0.0
    language: str = "SQL"

    @property
    def key(self) -> Key:
        """The key of the function in the catalog."""
        return (self.schema, self.name, self.catalog)

    @property
    def full_name(self) -> str:
        """`catalog.schema.name`, for messages."""
        return f"{self.catalog}.{self.schema}.{self.name}"


class Functions:
    """The functions by name. Reads come from memory; changes are written to the file first."""

    def __init__(self, database: sqlite3.Connection, lock: threading.RLock) -> None:
        self._db = database
        self._lock = lock
        self._db.execute(
            "create table if not exists functions "
            "(schema text, name text, catalog text, body text not null, "
            "primary key (schema, name, catalog))"
        )
        self._held: dict[Key, Function] = {}
        for (body,) in self._db.execute("select body from functions"):
            stored = json.loads(body)
            for part in ("parameters", "columns"):
                stored[part] = [Parameter(**each) for each in stored[part]]
            found = Function(**stored)
            self._held[found.key] = found

    def of(self, schema: str | None = None, catalog: str | None = None) -> list[Function]:
        """All functions, or those of a schema or a catalog, by name."""
        with self._lock:
            return [
                function
                for _, function in sorted(self._held.items())
                if schema in (None, function.schema) and catalog in (None, function.catalog)
            ]

    def find(self, key: Key) -> Function | None:
        """The function of that name, or None."""
        with self._lock:
            return self._held.get(key)

    def require(self, full_name: str) -> None:
        """Raise unless there is a function of the name `catalog.schema.name`."""
        catalog, schema, name = full_name.split(".")
        if self.find((schema, name, catalog)) is None:
            raise not_found(full_name)

    def put(self, function: Function) -> None:
        """Add the function, or replace the function of the same name."""
        with self._lock:
            stored = replace(function, created=time.time())
            body = json.dumps(asdict(stored))
            self._db.execute(
                "insert or replace into functions values (?, ?, ?, ?)", (*stored.key, body)
            )
            self._held[stored.key] = stored

    def drop(self, key: Key) -> None:
        """Remove a function."""
        with self._lock:
            self._db.execute(
                "delete from functions where schema = ? and name = ? and catalog = ?", key
            )
            self._held.pop(key, None)


def not_found(name: str) -> SqlError:
    """The error of Databricks for an unknown function."""
    return SqlError(f"[ROUTINE_NOT_FOUND] The routine `{name}` cannot be found.")
