"""The catalog of a Synapse database for the T-SQL compiler: views, tables, functions and types."""

from collections.abc import Sequence

from sqlglot import exp

from medallion_local.synapse import openrowset
from medallion_local.synapse.database import Database
from medallion_local.synapse.errors import OBJECT, TSqlError
from medallion_local.tsql import types
from medallion_local.tsql.dialect import OpenRowset
from medallion_local.tsql.errors import brief, unsupported
from medallion_local.tsql.scope import Relation, quoted
from medallion_local.tsql.values import Value, convert, quote

_NAME = types.nvarchar(128)
# Functions and their numbers of arguments.
_FUNCTIONS = {
    "OBJECT_ID": (1, 2),
    "SUSER_SNAME": (0, 0),
    "IS_ROLEMEMBER": (1, 1),
    "DB_NAME": (0, 0),
}


class Relations:
    """The names of one database, for one statement."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def table(self, node: exp.Table) -> Relation:
        """A view, a table of a pool, or a view of the catalog."""
        database = self._database
        if node.catalog and node.catalog.lower() != database.name.lower():
            raise unsupported(f"Reading {brief(node)} of a database other than {database.name}")
        schema, name = node.db or "dbo", node.name
        if (schema.lower(), name.lower()) in database.system:
            view = f"stand_in.{schema}_{name}".lower()
            described = database.rows(f"describe {view}")
            return Relation(view, [(row[0], types.of_engine(row[1])) for row in described])
        if not database.view_exists(schema, name):
            raise TSqlError(f"Invalid object name '{schema}.{name}'.", OBJECT)
        return Relation(f"{quoted(schema)}.{quoted(name)}", database.columns(schema, name))

    def rowset(self, node: OpenRowset) -> Relation:
        """The rows of a Delta folder."""
        return openrowset.rows(node, self._database)

    def table_function(self, schema: str, name: str, arguments: Sequence[Value]) -> Relation:
        """Raise: the database has no table-valued functions."""
        raise TSqlError(f"Invalid object name '{f'{schema}.{name}'.lstrip('.')}'.", OBJECT)

    def function(self, schema: str, name: str, arguments: Sequence[Value]) -> Value | None:
        """A function that reads the catalog or the login."""
        called = name.upper()
        if schema or called not in _FUNCTIONS:
            return None
        low, high = _FUNCTIONS[called]
        if not low <= len(arguments) <= high:
            raise TSqlError(f"The function {called} requires {high} argument(s).", 174)
        if called == "OBJECT_ID":
            return self._object_id(arguments)
        if called == "IS_ROLEMEMBER":
            role = convert(arguments[0], _NAME)
            return role.become(f"is_rolemember({role.sql})", types.INT)
        if called == "DB_NAME":
            return Value(quote(self._database.name), _NAME)
        return Value("getvariable('login')", _NAME)

    def _object_id(self, arguments: Sequence[Value]) -> Value:
        name, *kinds = (argument.constant for argument in arguments)
        if name is None or None in kinds:
            raise unsupported("OBJECT_ID of a name that is not a constant")
        table = exp.to_table(name, dialect="tsql")
        kind = str(kinds[0]).strip().upper() if kinds else None
        number = self._database.object_number(table.db or "dbo", table.name, kind)
        return Value("NULL" if number is None else str(number), types.INT)
