"""One database of the emulator: a DuckDB file with schemas, data sources and views."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar
from urllib.parse import urlsplit

import duckdb

from medallion.home import Home, refused_characters
from medallion_local.synapse.catalog import CATALOG, SYSTEM
from medallion_local.synapse.check.readers import connect
from medallion_local.synapse.errors import DATABASE, TSqlError, numbered
from medallion_local.tsql import macros
from medallion_local.tsql.behaviour import Behaviour
from medallion_local.tsql.errors import translated
from medallion_local.tsql.scope import Columns, quoted
from medallion_local.tsql.types import BINARY, SCALED, TEXT, Type, decimal

# ESCAPE: https://learn.microsoft.com/sql/t-sql/language-elements/like-transact-sql
LACKS = frozenset({"ESCAPE", "RECURSION"})
SERVERLESS = Behaviour("Latin1_General_100_BIN2_UTF8", is_binary=True, is_utf8=True, lacks=LACKS)
LAKE = "lake"  # DuckDB's variable with the folder of the lake


def folder(home: Home) -> Path:
    """The folder of a home's databases."""
    return home.root / "synapse"


def create(home: Home, name: str) -> None:
    """Create an empty database; an existing one is replaced."""
    file = folder(home) / f"{name}.duckdb"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.unlink(missing_ok=True)
    with connect(str(file)) as connection:
        connection.execute(CATALOG)


class Database:
    """An open database. It runs the statements of all its sessions one after another.

    `system` is the set of catalog views that T-SQL may read.
    """

    behaviour: ClassVar[Behaviour] = SERVERLESS
    system: ClassVar[set[tuple[str, str]]] = SYSTEM

    def __init__(self, home: Home, name: str, read_only: bool = False) -> None:
        file = folder(home) / f"{name}.duckdb"
        if not file.is_file():
            raise TSqlError(
                f'Cannot open database "{name}": run `medallion synapse up` to create it.', DATABASE
            )
        self.name = name
        self.lake = home.lake
        self.read_only = read_only
        self.lock = threading.RLock()
        try:
            self._connection = connect(str(file), read_only)
            # Views name folders relative to it, so they stay valid when the home is moved.
            lake = str(self.lake).replace("'", "''")
            self._connection.execute(f"set variable {LAKE} = '{lake}'")
        except duckdb.IOException as error:
            raise TSqlError(
                f'Another process has the database "{name}" open: try again when it has finished.',
                DATABASE,
            ) from error

    def run(self, sql: str, parameters: list | None = None) -> duckdb.DuckDBPyConnection:
        """Run a DuckDB statement. Its errors are raised as T-SQL errors."""
        try:
            return self._connection.execute(sql, parameters or [])
        except duckdb.Error as error:
            message = " ".join(str(error).split()).removeprefix("Invalid Input Error: ")
            raise numbered(translated(message) or message) from error

    def rows(self, sql: str, parameters: list | None = None) -> list[tuple]:
        """The rows of a DuckDB statement."""
        return self.run(sql, parameters).fetchall()

    def provide(self, sql: str) -> None:
        """Create the macros that a text calls, directly or through the views that it reads."""
        views = self.rows("select sql from duckdb_views() where not internal")
        text = "\n".join([sql, *(view for (view,) in views)])
        macros.provide(self._connection, text, self.behaviour)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block in a transaction, which is rolled back on an error."""
        self._connection.execute("begin")
        try:
            yield
        except BaseException:
            self._connection.execute("rollback")
            raise
        self._connection.execute("commit")

    def has_schema(self, name: str) -> bool:
        """Whether a schema exists. Names are case-sensitive, as the collation defines."""
        return bool(self.rows("select 1 from stand_in.schemas where name = ?", [name]))

    def create_schema(self, name: str) -> None:
        """Add a schema."""
        if self.has_schema(name):
            raise TSqlError(f"There is already an object named '{name}' in the database.", 2714)
        self.run(f"create schema {quoted(name)}")
        self.run(
            "insert into stand_in.schemas select max(schema_id) + 1, ? from stand_in.schemas",
            [name],
        )

    def create_data_source(self, name: str, location: str) -> None:
        """Add an external data source: `https://ACCOUNT.dfs.core.windows.net/CONTAINER`."""
        if self.rows("select 1 from stand_in.data_sources where name = ?", [name]):
            raise TSqlError(f"External data source '{name}' already exists.", 46502)
        self.run("insert into stand_in.data_sources values (?, ?)", [name, location])

    def delta_folder(self, source: str, path: str) -> Path:
        """The folder in the lake for a path in a data source."""
        found = self.rows("select location from stand_in.data_sources where name = ?", [source])
        if not found:
            raise TSqlError(f"Cannot find the external data source '{source}'.", 15151)
        container, _, rest = urlsplit(found[0][0]).path.strip("/").partition("/")
        root = self.lake / container
        target = Path(os.path.normpath(root / rest / path.strip("/")))
        if not target.resolve().is_relative_to(root.resolve()) or refused_characters(str(target)):
            raise TSqlError(f"The path '{path}' is outside of the data source '{source}'.")
        if not (target / "_delta_log").is_dir():
            raise TSqlError(
                f"File '{found[0][0]}/{path}' cannot be opened because it does not exist or is "
                "not a Delta folder: run `dbt build`.",
                13807,
            )
        return target

    def view_exists(self, schema: str, name: str) -> bool:
        """Whether a view exists."""
        query = "select 1 from stand_in.views where schema_name = ? and name = ?"
        return bool(self.rows(query, [schema, name]))

    def object_number(self, schema: str, name: str, kind: str | None) -> int | None:
        """The result of OBJECT_ID for a name; a `kind` such as `V` limits it to such objects."""
        return 1 if kind in (None, "V") and self.view_exists(schema, name) else None

    def put_view(
        self, schema: str, name: str, definition: str, query: str, columns: Columns
    ) -> None:
        """Create or replace a view over the DuckDB `query`, which has these columns."""
        with self.transaction():
            self.drop_view(schema, name)
            self.run(f"create view {quoted(schema)}.{quoted(name)} as {query}")
            self.run("insert into stand_in.views values (?, ?, ?)", [schema, name, definition])
            self.put_columns(schema, name, columns)

    def put_columns(self, schema: str, name: str, columns: Columns) -> None:
        """Store the columns of a view or table in the catalog."""
        for ordinal, (column, kind) in enumerate(columns, 1):
            length = kind.length if kind.name in TEXT | BINARY else None
            precision = kind.precision if kind.name == "decimal" else None
            scale = kind.scale if kind.name in {"decimal", *SCALED} else None
            self.run(
                "insert into stand_in.columns values (?, ?, ?, ?, ?, ?, ?, ?)",
                [schema, name, ordinal, column, kind.name, length, precision, scale],
            )

    def columns(self, schema: str, name: str) -> Columns:
        """The columns of a view or table, in order."""
        query = (
            "select name, type, length, precision, scale from stand_in.columns"
            " where schema_name = ? and view_name = ? order by ordinal"
        )
        return [(column, _type(*kind)) for column, *kind in self.rows(query, [schema, name])]

    def drop_view(self, schema: str, name: str) -> None:
        """Remove a view if it exists."""
        self.run(f"drop view if exists {quoted(schema)}.{quoted(name)}")
        self.run("delete from stand_in.views where schema_name = ? and name = ?", [schema, name])
        self.run(
            "delete from stand_in.columns where schema_name = ? and view_name = ?", [schema, name]
        )

    def close(self) -> None:
        """Close the database, so that another process can open it."""
        self._connection.close()


def _type(name: str, length: int | None, precision: int | None, scale: int | None) -> Type:
    """A type from the catalog. Older databases have no scale of a datetime2."""
    if name == "decimal":
        return decimal(precision or 18, scale or 0)
    if name in SCALED:
        return Type(name, scale=6 if scale is None else scale)
    return Type(name, length or 0)
