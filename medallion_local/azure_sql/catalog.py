"""The emulator's own catalogue: the columns and keys of its tables, as T-SQL declared them.

DuckDB's key indexes reject statements that SQL Server accepts (`SET id = id + 1`, a delete and a
reinsert in one transaction). So this catalogue keeps the keys and `changes` checks them.
"""

from dataclasses import dataclass

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.azure_sql import types
from medallion_local.tsql.types import Type, parsed

MAX_COLUMNS = 126  # an update's changed columns are the bits of a 128-bit integer


def quoted(name: str) -> str:
    """`name` as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


@dataclass(frozen=True)
class Column:
    """One column. Its `id` is never used again for another column of the same table.

    `max_chars` is None where T-SQL sets no length; `default` is a T-SQL expression.
    """

    id: int
    name: str
    tsql_type: str
    duckdb_type: str
    max_chars: int | None
    nullable: bool
    key_ordinal: int | None
    default: str | None
    default_name: str | None

    @property
    def sql(self) -> str:
        """The quoted name."""
        return quoted(self.name)

    @property
    def kind(self) -> Type:
        """Its type in T-SQL."""
        return parsed(self.tsql_type)

    @property
    def logged(self) -> str:
        """Its name in the change log. A reused column name gets a different name there."""
        return f"c{self.id}"


@dataclass(frozen=True)
class Table:
    """One table, its columns in order, and the name of its primary key, if it has one."""

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
    def keys(self) -> tuple[Column, ...]:
        """The primary key's columns, in the key's order."""
        keyed = [c for c in self.columns if c.key_ordinal is not None]
        return tuple(sorted(keyed, key=lambda c: c.key_ordinal or 0))

    def column(self, name: str) -> Column:
        """The column of that name, ignoring case. Raises SQL Server's message 207 if missing."""
        for column in self.columns:
            if column.name.lower() == name.lower():
                return column
        raise MedallionError(f"Msg 207: Invalid column name '{name}' in '{self.full_name}'.")


def find_table(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> Table:
    """The table of that name, ignoring case. Raises SQL Server's message 208 if it is missing."""
    rows = con.execute(
        "SELECT column_id, column_name, tsql_type, duckdb_type, max_chars, is_nullable, "
        "key_ordinal, default_value, default_name, schema_name, table_name, key_name "
        "FROM stand_in.columns WHERE NOT is_dropped AND lower(schema_name) = lower(?) "
        "AND lower(table_name) = lower(?) ORDER BY column_id",
        [schema, name],
    ).fetchall()
    if not rows:
        raise MedallionError(f"Msg 208: Invalid object name '{schema}.{name}'.")
    columns = tuple(Column(*row[:9]) for row in rows)
    return Table(rows[0][9], rows[0][10], columns, rows[0][11])


def tables(con: duckdb.DuckDBPyConnection) -> list[Table]:
    """Every table of the database, in the order of creation."""
    names = con.execute(
        "SELECT schema_name, table_name FROM stand_in.columns GROUP BY ALL ORDER BY min(created)"
    ).fetchall()
    return [find_table(con, *name) for name in names]


def table_named(con: duckdb.DuckDBPyConnection, node: exp.Table) -> Table:
    """The table that a syntax tree's node names. The default schema is dbo."""
    return find_table(con, node.db or "dbo", node.name)


def create_table(con: duckdb.DuckDBPyConnection, create: exp.Create) -> None:
    """Run a CREATE TABLE: DuckDB gets the columns, the catalogue gets the key."""
    node = create.this.this
    schema, name = node.db or "dbo", node.name
    columns, key, key_name = _declared(create, name)
    if con.execute("SELECT object_id(?)", [f"{schema}.{name}"]).fetchone() != (None,):
        raise MedallionError(
            f"Msg 2714: There is already an object named '{name}' in the database."
        )
    body = ", ".join(f"{quoted(c.name)} {types.duckdb_type(c.args['kind'])}" for c in columns)
    con.execute(f"CREATE TABLE {quoted(schema)}.{quoted(name)} ({body})")
    for c in columns:
        ordinal = key.index(c.name.lower()) + 1 if c.name.lower() in key else None
        nullable = not (not_null(c) or ordinal)
        add_column(con, schema, name, c, nullable, key_ordinal=ordinal, key_name=key_name)


def add_column(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    definition: exp.ColumnDef,
    nullable: bool,
    key_ordinal: int | None = None,
    key_name: str | None = None,
) -> int:
    """Store a column. Returns its id. As in SQL Server, the ids count dropped columns."""
    kind = definition.args["kind"]
    found = types.facts(kind)
    default, default_name = _default(definition, table)
    row = con.execute(
        "SELECT count(*) + 1 FROM stand_in.columns WHERE schema_name = ? AND table_name = ?",
        [schema, table],
    ).fetchone()
    number = int(row[0]) if row else 1
    if number > MAX_COLUMNS:
        raise MedallionError(
            f"{schema}.{table} cannot have more than {MAX_COLUMNS} columns in the emulator, "
            "dropped ones included"
        )
    con.execute(
        f"INSERT INTO stand_in.columns SELECT {', '.join('?' * 17)}, "
        "(SELECT coalesce(max(created), 0) + 1 FROM stand_in.columns)",
        [
            *(schema, table, definition.name, number, found.text, types.duckdb_type(kind)),
            *(found.max_chars, nullable, key_ordinal, key_name, default, default_name),
            *(found.name, found.max_length, found.precision, found.scale, False),
        ],
    )
    return number


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
            check_constraints(part, also=exp.PrimaryKeyColumnConstraint)
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


def not_null(column: exp.ColumnDef) -> bool:
    """Whether the definition says NOT NULL."""
    return any(
        isinstance(c.kind, exp.NotNullColumnConstraint) and not c.kind.args.get("allow_null")
        for c in column.args.get("constraints") or []
    )


def check_constraints(
    column: exp.ColumnDef, also: type[exp.Expression] = exp.NotNullColumnConstraint
) -> None:
    """Raise if a definition has more than NULL, NOT NULL, DEFAULT and the kind `also`."""
    for constraint in column.args.get("constraints") or []:
        known = exp.NotNullColumnConstraint | exp.DefaultColumnConstraint | also
        if not isinstance(constraint.kind, known):
            raise _unsupported(constraint)


def _default(column: exp.ColumnDef, table: str) -> tuple[str | None, str | None]:
    """The default's T-SQL expression, and the name of its constraint."""
    for constraint in column.args.get("constraints") or []:
        if isinstance(constraint.kind, exp.DefaultColumnConstraint):
            text = constraint.kind.this.sql(dialect="tsql")
            return text, constraint.name or f"DF_{table}_{column.name}"
    return None, None


def _unsupported(part: exp.Expression) -> MedallionError:
    return MedallionError(
        f"the clause {part.sql(dialect='tsql')!r} of a table's definition is not supported by the "
        "emulator: use only column types, NULL, NOT NULL, DEFAULT and PRIMARY KEY"
    )
