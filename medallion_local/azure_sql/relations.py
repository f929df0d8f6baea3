"""The catalogue that the T-SQL compiler reads: tables, views, functions and their types."""

from collections.abc import Sequence

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.azure_sql import catalog, changelog
from medallion_local.tsql import types
from medallion_local.tsql.dialect import OpenRowset
from medallion_local.tsql.errors import brief, unsupported
from medallion_local.tsql.keys import equality_key
from medallion_local.tsql.scope import Columns, Relation, quoted
from medallion_local.tsql.types import Type
from medallion_local.tsql.values import Value, convert

_LSN = Type("binary", 10)
_CONTROL: Columns = [
    ("__$start_lsn", _LSN),
    ("__$end_lsn", _LSN),
    ("__$seqval", _LSN),
    ("__$operation", types.INT),
    ("__$update_mask", Type("varbinary", 128)),
]
_VIEWS = {
    "sys": {
        *("schemas", "tables", "types", "columns", "databases", "database_principals"),
        *("database_permissions", "indexes", "index_columns", "extended_properties"),
    },
    "cdc": {"lsn_time_mapping", "change_tables", "captured_columns", "ddl_history", "cdc_jobs"},
    "information_schema": {"columns", "tables"},
}
_NAME = types.nvarchar(4000)
# Scalar functions: DuckDB's name, the argument types, the result type, the optional arguments.
_FUNCTIONS: dict[str, tuple[str, list[Type], Type, int]] = {
    "sys.fn_cdc_get_max_lsn": ("sys.fn_cdc_get_max_lsn", [], _LSN, 0),
    "sys.fn_cdc_get_min_lsn": ("sys.fn_cdc_get_min_lsn", [_NAME], _LSN, 0),
    "sys.fn_cdc_increment_lsn": ("sys.fn_cdc_increment_lsn", [_LSN], _LSN, 0),
    "sys.fn_cdc_decrement_lsn": ("sys.fn_cdc_decrement_lsn", [_LSN], _LSN, 0),
    "sys.fn_cdc_map_lsn_to_time": ("sys.fn_cdc_map_lsn_to_time", [_LSN], types.DATETIME, 0),
    "sys.fn_cdc_map_time_to_lsn": (
        "sys.fn_cdc_map_time_to_lsn",
        [_NAME, types.DATETIME],
        _LSN,
        0,
    ),
    "object_id": ("object_id", [_NAME, types.varchar(2)], types.INT, 1),
    "object_name": ("object_name", [types.INT], _NAME, 0),
    "schema_id": ("schema_id", [_NAME], types.INT, 0),
    "schema_name": ("schema_name", [types.INT], _NAME, 0),
    "type_name": ("type_name", [types.INT], _NAME, 0),
    "db_name": ("db_name", [], _NAME, 0),
    "db_id": ("db_id", [], types.INT, 0),
}


class Relations:
    """The names of one database, as one statement sees them."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def table(self, node: exp.Table) -> Relation:
        """A table, change table or catalogue view."""
        if node.catalog:
            raise unsupported(f"The name {node.sql(dialect='tsql')} with a database in it")
        schema, name = node.db or "dbo", node.name
        if schema.lower() in _VIEWS and name.lower() in _VIEWS[schema.lower()]:
            return self._view(schema.lower(), name.lower())
        if schema.lower() == "information_schema":
            raise MedallionError(
                f"INFORMATION_SCHEMA.{name} is not supported by the emulator: "
                "it has COLUMNS and TABLES"
            )
        if schema.lower() == "cdc":
            for instance in changelog.instances(self._con):
                if name.lower() == f"{instance.name}_ct".lower():
                    columns = [*_CONTROL, *self._captured(instance)]
                    return Relation(instance.change_table, columns)
            raise MedallionError(f"Msg 208: Invalid object name '{schema}.{name}'.")
        table = catalog.find_table(self._con, schema, name)
        return Relation(table.sql, [(c.name, c.kind) for c in table.columns])

    def rowset(self, node: OpenRowset) -> Relation:
        """No files are read by OPENROWSET."""
        raise unsupported(brief(node))

    def table_function(self, schema: str, name: str, arguments: Sequence[Value]) -> Relation:
        """`cdc.fn_cdc_get_all_changes_…`."""
        for instance in changelog.instances(self._con):
            if (schema.lower(), name.lower()) == (
                "cdc",
                f"fn_cdc_get_all_changes_{instance.name}".lower(),
            ):
                if len(arguments) != 3:
                    raise MedallionError(
                        "Msg 313: An insufficient number of arguments were supplied for the "
                        f"procedure or function {schema}.{name} ... ."
                    )
                given = [
                    convert(value, kind).sql
                    for value, kind in zip(arguments, [_LSN, _LSN, _NAME], strict=True)
                ]
                columns = [c for c in _CONTROL if c[0] != "__$end_lsn"]
                call = f"{instance.function}({', '.join(given)})"
                return Relation(call, [*columns, *self._captured(instance)])
        raise MedallionError(f"Msg 208: Invalid object name '{schema}.{name}'.")

    def function(self, schema: str, name: str, arguments: Sequence[Value]) -> Value | None:
        """A scalar function of the database."""
        found = _FUNCTIONS.get(f"{schema}.{name}".lower().lstrip("."))
        if found is None:
            return None
        engine, kinds, result, optional = found
        if not len(kinds) - optional <= len(arguments) <= len(kinds):
            raise MedallionError(f"Msg 174: The function {name} requires {len(kinds)} argument(s).")
        given = [convert(value, kind).sql for value, kind in zip(arguments, kinds, strict=False)]
        return Value(
            f"{engine}({', '.join(given)})",
            result,
            has_columns=any(a.has_columns for a in arguments),
        )

    def _view(self, schema: str, name: str) -> Relation:
        sql = f"stand_in.{schema}_{name}" if schema == "information_schema" else f"{schema}.{name}"
        try:
            rows = self._con.execute(f"DESCRIBE {sql}").fetchall()
        except duckdb.CatalogException:
            raise MedallionError(f"Msg 208: Invalid object name '{schema}.{name}'.") from None
        return Relation(sql, [(row[0], types.of_engine(row[1])) for row in rows])

    def _captured(self, instance: changelog.Instance) -> Columns:
        """The captured columns, with their current or former types."""
        rows = self._con.execute(
            "SELECT column_id, tsql_type FROM stand_in.columns "
            "WHERE schema_name = ? AND table_name = ?",
            [instance.schema, instance.table],
        ).fetchall()
        known = dict(rows)
        return [(name, types.parsed(known[number])) for number, name in instance.columns]


def key(column: catalog.Column, prefix: str) -> str:
    """An expression that is equal for two key values that SQL Server considers equal."""
    return equality_key(Value(f"{prefix}{quoted(column.name)}", column.kind))
