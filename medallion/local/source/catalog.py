"""The stand-in's own catalogue: the columns and keys of its tables, as T-SQL declared them.

DuckDB's key indexes reject statements that SQL Server accepts (`SET id = id + 1`, a delete and a
reinsert in one transaction), so keys live here and `changes` checks them.
"""

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion.local.source import tsql


def quoted(name: str) -> str:
    """`name` as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Column:
    """One column; `max_chars` is None where T-SQL sets no length."""

    name: str
    tsql_type: str
    duckdb_type: str
    max_chars: int | None
    nullable: bool
    key_ordinal: int | None

    @property
    def sql(self) -> str:
        """The quoted name."""
        return quoted(self.name)


@dataclass(frozen=True)
class Table:
    """One table, its columns in order, and the name of its primary key if it has one."""

    schema: str
    name: str
    columns: tuple[Column, ...]
    key_name: str | None

    @property
    def full_name(self) -> str:
        """`dbo.DimUser`."""
        return f"{self.schema}.{self.name}"

    @property
    def sql(self) -> str:
        """The quoted full name."""
        return f"{quoted(self.schema)}.{quoted(self.name)}"

    @property
    def capture_instance(self) -> str:
        """The name that change data capture gives the table: `dbo_DimUser`."""
        return f"{self.schema}_{self.name}"

    @property
    def change_table(self) -> str:
        """The quoted full name of the change table."""
        return f"cdc.{quoted(self.capture_instance + '_CT')}"

    @property
    def keys(self) -> tuple[Column, ...]:
        """The primary key's columns, in the key's order."""
        keyed = [c for c in self.columns if c.key_ordinal is not None]
        return tuple(sorted(keyed, key=lambda c: c.key_ordinal or 0))

    def column(self, name: str) -> Column:
        """The column of that name, in any case; SQL Server's message 207 when there is none."""
        for column in self.columns:
            if column.name.lower() == name.lower():
                return column
        raise MedallionError(f"Msg 207: Invalid column name '{name}' in '{self.full_name}'.")


def find_table(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> Table:
    """The table, in any case of letters; SQL Server's message 208 when there is none."""
    rows = con.execute(
        "SELECT column_name, tsql_type, duckdb_type, max_chars, is_nullable, key_ordinal, "
        "schema_name, table_name, key_name FROM stand_in.columns "
        "WHERE lower(schema_name) = lower(?) AND lower(table_name) = lower(?) ORDER BY ordinal",
        [schema, name],
    ).fetchall()
    if not rows:
        raise MedallionError(f"Msg 208: Invalid object name '{schema}.{name}'.")
    columns = tuple(Column(*row[:6]) for row in rows)
    return Table(rows[0][6], rows[0][7], columns, rows[0][8])


def tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """Every table of the database, in the order of creation."""
    names = con.execute(
        "SELECT schema_name, table_name FROM stand_in.columns GROUP BY ALL ORDER BY min(rowid)"
    ).fetchall()
    return [find_table(con, *name) for name in names]


def table_named(con: duckdb.DuckDBPyConnection, node: exp.Table) -> Table:
    """The table that a tree's node names; the default schema is dbo."""
    return find_table(con, node.db or "dbo", node.name)


def create_table(con: duckdb.DuckDBPyConnection, create: exp.Create) -> None:
    """Run a CREATE TABLE: the columns go to DuckDB, the key to the catalogue."""
    node = create.this.this
    schema, name = node.db or "dbo", node.name
    columns, key, key_name = _declared(create, name)
    if con.execute("SELECT object_id(?)", [f"{schema}.{name}"]).fetchone() != (None,):
        raise MedallionError(
            f"Msg 2714: There is already an object named '{name}' in the database."
        )
    body = ", ".join(
        f"{quoted(c.name)} {tsql.duckdb_type(c.args['kind'])}"
        + (" NOT NULL" if _not_null(c) or c.name.lower() in key else "")
        for c in columns
    )
    con.execute(f"CREATE TABLE {quoted(schema)}.{quoted(name)} ({body})")
    for ordinal, c in enumerate(columns, start=1):
        kind = c.args["kind"]
        is_key = c.name.lower() in key
        con.execute(
            "INSERT INTO stand_in.columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                schema,
                name,
                c.name,
                ordinal,
                kind.sql(dialect="tsql").lower(),
                tsql.duckdb_type(kind),
                tsql.max_length(kind) if kind.this in tsql.TEXT else None,
                not (_not_null(c) or is_key),
                key.index(c.name.lower()) + 1 if is_key else None,
                key_name,
            ],
        )


def _declared(create: exp.Create, table: str) -> tuple[list[exp.ColumnDef], list[str], str | None]:
    """The column definitions, the lower-cased key columns, and the key's name."""
    columns: list[exp.ColumnDef] = []
    key: list[str] = []
    key_name: str | None = None
    for part in create.this.expressions:
        if isinstance(part, exp.ColumnDef):
            columns.append(part)
            for constraint in part.args.get("constraints") or []:
                if isinstance(constraint.kind, exp.PrimaryKeyColumnConstraint):
                    key, key_name = [part.name.lower()], constraint.name or f"PK_{table}"
                elif not isinstance(constraint.kind, exp.NotNullColumnConstraint):
                    raise _unsupported(constraint)
            continue
        found = part if isinstance(part, exp.PrimaryKey) else part.find(exp.PrimaryKey)
        if found is None:
            found = part.find(exp.PrimaryKeyColumnConstraint)
        if found is None:
            raise _unsupported(part)
        key = [i.name.lower() for i in part.find_all(exp.Column, exp.Ordered) if i.name]
        key = list(dict.fromkeys(key)) or [i.name.lower() for i in found.expressions]
        key_name = part.name or f"PK_{table}"
    return columns, key, key_name


def _not_null(column: exp.ColumnDef) -> bool:
    return any(
        isinstance(c.kind, exp.NotNullColumnConstraint) and not c.kind.args.get("allow_null")
        for c in column.args.get("constraints") or []
    )


def _unsupported(part: exp.Expression) -> MedallionError:
    return MedallionError(
        f"the clause {part.sql(dialect='tsql')!r} of CREATE TABLE is not supported by the "
        "stand-in: it knows column types, NULL, NOT NULL and PRIMARY KEY"
    )
