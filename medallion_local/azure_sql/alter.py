"""ALTER TABLE: added, dropped and retyped columns, and their effect on change data capture.

After https://learn.microsoft.com/sql/relational-databases/track-changes/about-change-data-capture-sql-server
(Handling changes to source tables). A capture instance keeps its columns. After a column is
dropped, its values are NULL in later changes, before-images included. When a column is retyped,
it is retyped in the change tables too, with the rows that are already there.
"""

from datetime import datetime

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.azure_sql import catalog, changelog, tsql, types
from medallion_local.azure_sql.catalog import Column, Table
from medallion_local.tsql import macros
from medallion_local.tsql.types import parsed
from medallion_local.tsql.values import Value, assign, convert, quote


def alter_table(
    con: duckdb.DuckDBPyConnection, tree: exp.Alter, commit: bytes, now: datetime
) -> bool:
    """Run an ALTER TABLE. Returns whether it is a logged transaction that used the LSN `commit`."""
    table = catalog.table_named(con, tree.this)
    retyped: set[int] = set()
    for action in tree.args["actions"]:
        if isinstance(action, exp.ColumnDef):
            _add(con, table, action, now)
        elif isinstance(action, exp.AlterColumn) and action.args.get("dtype"):
            retyped |= _retype(con, table, action)
        elif isinstance(action, exp.Drop) and action.args["kind"] in ("COLUMN", "CONSTRAINT"):
            for name in action.args["tables"]:
                drop = _drop if action.args["kind"] == "COLUMN" else _drop_default
                drop(con, table, name.name, bool(action.args.get("exists")))
        else:
            raise MedallionError(
                f"{tsql.describe(tree)} is not supported by the emulator: use ADD with a column, "
                "ALTER COLUMN with a type, DROP COLUMN or DROP CONSTRAINT"
            )
        table = catalog.find_table(con, table.schema, table.name)
    if not changelog.is_logged(con, table):
        return False
    changelog.publish(con, table)
    for instance in changelog.instances(con, table):
        con.execute(
            "INSERT INTO stand_in.ddl_history VALUES (?, ?, ?, ?, ?)",
            [
                instance.name,
                any(number in retyped for number, _ in instance.columns),
                tree.sql(dialect="tsql"),
                commit,
                now.replace(second=0, microsecond=0),  # SQL Server records whole minutes
            ],
        )
    return True


def default_value(con: duckdb.DuckDBPyConnection, column: Column, now: datetime) -> str:
    """DuckDB's expression for the default of a column that an INSERT omits."""
    if column.default is None:
        return "NULL"
    node = tsql.parse(f"SELECT {column.default}")[0].expressions[0]
    value = tsql.compiler(con, now).value(node)
    text = assign(value, column.kind, f"the default of column '{column.name}'").sql
    macros.provide(con, text)
    return text


def _add(
    con: duckdb.DuckDBPyConnection, table: Table, definition: exp.ColumnDef, now: datetime
) -> None:
    name = definition.name
    if any(c.name.lower() == name.lower() for c in table.columns):
        raise MedallionError(
            f"Msg 2705: Column names in each table must be unique. Column name '{name}' in table "
            f"'{table.full_name}' is specified more than once."
        )
    catalog.check_constraints(definition)
    must_have = catalog.not_null(definition)
    number = catalog.add_column(con, table.schema, table.name, definition, not must_have)
    column = catalog.find_table(con, table.schema, table.name).column(name)
    has_rows = con.execute(f"SELECT 1 FROM {table.sql} LIMIT 1").fetchone()
    if must_have and column.default is None and has_rows:
        raise MedallionError(
            "Msg 4901: ALTER TABLE only allows columns to be added that can contain nulls, or have "
            f"a DEFAULT definition specified. Column '{name}' cannot be added to non-empty table "
            f"'{table.full_name}' because it does not satisfy these conditions."
        )
    add = f"ALTER TABLE {table.sql} ADD COLUMN {column.sql} {column.duckdb_type}"
    if must_have and column.default is not None:
        # The existing rows get the value without an update: SQL Server logs no change for them.
        # DuckDB does not accept a call of a temporary macro as a default.
        query = f"SELECT CAST({default_value(con, column, now)} AS VARCHAR)"
        (text,) = con.execute(query).fetchone() or (None,)
        value = "NULL" if text is None else quote(text)
        con.execute(f"{add} DEFAULT {value}")
        con.execute(f"ALTER TABLE {table.sql} ALTER COLUMN {column.sql} DROP DEFAULT")
    else:
        con.execute(add)
    if changelog.is_logged(con, table):
        changelog.alter(con, table, f"ADD COLUMN c{number} {column.duckdb_type}")


def _drop(con: duckdb.DuckDBPyConnection, table: Table, name: str, if_exists: bool) -> None:
    column = _column(table, name, "DROP COLUMN", if_exists)
    if column is None:
        return
    _check_free(table, column, "DROP COLUMN", column.default_name)
    if len(table.columns) == 1:
        raise MedallionError(
            f"Msg 4923: ALTER TABLE DROP COLUMN failed because '{column.name}' is the only data "
            f"column in table '{table.full_name}'. A table must have at least one data column."
        )
    con.execute(f"ALTER TABLE {table.sql} DROP COLUMN {column.sql}")
    _update(con, table, column, is_dropped=True)


def _drop_default(con: duckdb.DuckDBPyConnection, table: Table, name: str, if_exists: bool) -> None:
    for column in table.columns:
        if (column.default_name or "").lower() == name.lower():
            _update(con, table, column, default_value=None, default_name=None)
            return
    if not if_exists:
        raise MedallionError(
            f"Msg 3728: '{name}' is not a constraint that can be dropped: the emulator drops only "
            f"defaults, and '{table.full_name}' has no default of that name."
        )


def _retype(con: duckdb.DuckDBPyConnection, table: Table, action: exp.AlterColumn) -> set[int]:
    """Change a column's type. Returns its id if the type changed. NULL is allowed by default."""
    column = _column(table, action.this.name, "ALTER COLUMN")
    assert column is not None  # without IF EXISTS a missing column is an error
    kind = action.args["dtype"]
    found = types.facts(kind)
    changes_kind = found.name != column.tsql_type.partition("(")[0]
    _check_free(table, column, "ALTER COLUMN", column.default_name if changes_kind else None)
    nullable = action.args.get("allow_null") is not False
    if not nullable:
        _refuse_nulls(con, table, column)
    if found.text == column.tsql_type:
        _update(con, table, column, is_nullable=nullable)
        return set()
    _convert(con, table, column, kind, found)
    _update(
        con,
        table,
        column,
        tsql_type=found.text,
        duckdb_type=types.duckdb_type(kind),
        max_chars=found.max_chars,
        is_nullable=nullable,
        type_name=found.name,
        max_length=found.max_length,
        precision=found.precision,
        scale=found.scale,
    )
    return {column.id}


def _convert(
    con: duckdb.DuckDBPyConnection,
    table: Table,
    column: Column,
    kind: exp.DataType,
    found: types.Facts,
) -> None:
    """Convert the column's values to the new type, in the table and in its change log."""
    new, target = types.duckdb_type(kind), parsed(found.text)
    place = f"table '{table.full_name}', column '{column.name}'"

    def stored(name: str) -> str:
        return assign(Value(name, column.kind, has_columns=True), target, place).sql

    logged = changelog.is_logged(con, table)
    try:
        for name in (column.sql, column.logged) if logged else (column.sql,):
            value = stored(name)
            macros.provide(con, value)
            # A value that no longer fits is an error in the table. In the log it is truncated.
            if name != column.sql:
                value = convert(Value(name, column.kind, has_columns=True), target).sql
                macros.provide(con, value)
            if value == name:
                continue
            change = f"ALTER COLUMN {name} TYPE {new} USING {value}"
            if name == column.sql:
                con.execute(f"ALTER TABLE {table.sql} {change}")
            else:
                changelog.alter(con, table, change)
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        if "Msg 2628" in str(error):
            raise
        raise MedallionError(
            f"Msg 8114: Error converting data type {column.tsql_type} to {found.text} in column "
            f"'{column.name}' of '{table.full_name}' or in its recorded changes."
        ) from None


def _refuse_nulls(con: duckdb.DuckDBPyConnection, table: Table, column: Column) -> None:
    query = f"SELECT 1 FROM {table.sql} WHERE {column.sql} IS NULL LIMIT 1"
    if con.execute(query).fetchone():
        raise MedallionError(
            f"Msg 515: Cannot insert the value NULL into column '{column.name}', table "
            f"'{table.full_name}'; column does not allow nulls."
        )


def _column(table: Table, name: str, verb: str, if_exists: bool = False) -> Column | None:
    for column in table.columns:
        if column.name.lower() == name.lower():
            return column
    if if_exists:
        return None
    raise MedallionError(
        f"Msg 4924: ALTER TABLE {verb} failed because column '{name}' does not exist in table "
        f"'{table.full_name}'."
    )


def _check_free(table: Table, column: Column, verb: str, constraint: str | None) -> None:
    """Raise if the table's key, or `constraint`, contains the column."""
    holder = table.key_name if column.key_ordinal is not None else constraint
    if holder:
        raise MedallionError(
            f"Msg 5074: The object '{holder}' is dependent on column '{column.name}'. Msg 4922: "
            f"ALTER TABLE {verb} {column.name} failed because one or more objects access this "
            "column."
        )


def _update(con: duckdb.DuckDBPyConnection, table: Table, column: Column, **values: object) -> None:
    """Change a column's entry in the catalogue."""
    con.execute(
        f"UPDATE stand_in.columns SET {', '.join(f'{name} = ?' for name in values)} "
        "WHERE schema_name = ? AND table_name = ? AND column_id = ?",
        [*values.values(), table.schema, table.name, column.id],
    )
