"""What the T-SQL compiler asks of a database of Synapse: views, tables, functions, their types."""

from collections.abc import Sequence

from sqlglot import exp

from medallion.local.synapse import openrowset
from medallion.local.synapse.database import Database
from medallion.local.synapse.errors import OBJECT, TSqlError
from medallion.local.tsql import types
from medallion.local.tsql.dialect import OpenRowset
from medallion.local.tsql.errors import brief, unsupported
from medallion.local.tsql.scope import Relation, quoted
from medallion.local.tsql.values import Value, convert, quote

_NAME = types.nvarchar(128)
# Functions and how many arguments they take.
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
            raise unsupported(f"Reading {brief(node)} of another database than {database.name}")
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
        """There are none."""
        raise TSqlError(f"Invalid object name '{f'{schema}.{name}'.lstrip('.')}'.", OBJECT)

    def function(self, schema: str, name: str, arguments: Sequence[Value]) -> Value | None:
        """A function that looks into the database or at the login."""
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
        given = [argument.constant for argument in arguments]
        if None in given:
            raise unsupported("OBJECT_ID of a name that is no constant")
        table = exp.to_table(given[0], dialect="tsql")
        kind = given[1].strip().upper() if len(given) > 1 else None
        number = self._database.object_number(table.db or "dbo", table.name, kind)
        return Value("NULL" if number is None else str(number), types.INT)
