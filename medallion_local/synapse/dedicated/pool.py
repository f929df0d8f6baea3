"""A database of the pool: a DuckDB file with tables, their layouts and their statistics."""

from collections.abc import Sequence
from typing import ClassVar

from medallion.home import Home
from medallion_local.synapse.catalog import SYSTEM
from medallion_local.synapse.check.readers import connect
from medallion_local.synapse.database import LACKS, Database, create, folder
from medallion_local.synapse.dedicated.statements import Layout, Name
from medallion_local.synapse.errors import OBJECT, TSqlError
from medallion_local.tsql.behaviour import Behaviour
from medallion_local.tsql.scope import Columns, quoted
from medallion_local.tsql.types import Type

# The collation that the models declare for columns; texts are nvarchar.
DEDICATED = Behaviour("Latin1_General_100_BIN2", is_binary=True, lacks=LACKS)
# The pool's part of the catalog. Tables and views share one set of names.
CATALOG = """
create sequence stand_in.object_ids;
create table stand_in.tables (
    object_id integer, schema_name varchar, name varchar, distribution varchar, indexing varchar,
    partitioned varchar
);
create table stand_in.statistics (
    object_id integer, name varchar, columns varchar, updates integer
);
create view stand_in.sys_tables as
    select tables.object_id, tables.name, schemas.schema_id
    from stand_in.tables inner join stand_in.schemas on tables.schema_name = schemas.name;
create view stand_in.sys_stats as select object_id, name from stand_in.statistics;
create or replace view stand_in.information_schema_tables as
    select
        current_database() as table_catalog, schema_name as table_schema, name as table_name,
        'VIEW' as table_type
    from stand_in.views
    union all
    select current_database(), schema_name, name, 'BASE TABLE' from stand_in.tables;
"""


def create_pool(home: Home, name: str) -> None:
    """Create an empty pool; an existing one is replaced."""
    create(home, name)
    with connect(str(folder(home) / f"{name}.duckdb")) as connection:
        connection.execute(CATALOG)


def is_pool(database: Database) -> bool:
    """Whether `create_pool` created the database."""
    query = "select 1 from duckdb_tables() where schema_name = 'stand_in' and table_name = 'tables'"
    return bool(database.rows(query))


def opened(home: Home, name: str, read_only: bool = False) -> Database:
    """An open database: a `Pool` if `create_pool` created it."""
    database = Database(home, name, read_only)
    if not is_pool(database):
        return database
    database.close()
    return Pool(home, name, read_only)


class Pool(Database):
    """An open pool."""

    behaviour: ClassVar[Behaviour] = DEDICATED
    system: ClassVar[set[tuple[str, str]]] = SYSTEM | {("sys", "tables"), ("sys", "stats")}

    def view_exists(self, schema: str, name: str) -> bool:
        """Whether a view or a table of this name exists."""
        return self.is_view(schema, name) or self.is_table(schema, name)

    def is_view(self, schema: str, name: str) -> bool:
        """Whether a view exists."""
        return super().view_exists(schema, name)

    def is_table(self, schema: str, name: str) -> bool:
        """Whether a table exists."""
        return self.object_id(Name(schema, name)) is not None

    def object_id(self, table: Name) -> int | None:
        """The id of a table, which a rename keeps."""
        query = "select object_id from stand_in.tables where schema_name = ? and name = ?"
        found = self.rows(query, [table.schema, table.name])
        return found[0][0] if found else None

    def object_number(self, schema: str, name: str, kind: str | None) -> int | None:
        """The result of OBJECT_ID: the id of a table, or 0 for a view."""
        number = self.object_id(Name(schema, name))
        if number is None and self.is_view(schema, name):
            return 0 if kind in (None, "V") else None
        return number if kind in (None, "U") else None

    def require_table(self, table: Name) -> int:
        """The id of a table. Raises if it does not exist."""
        found = self.object_id(table)
        if found is None:
            raise TSqlError(f"Invalid object name '{table}'.", OBJECT)
        return found

    def require_free(self, name: Name) -> None:
        """Raise if the schema does not exist, or already has an object of this name."""
        if not self.has_schema(name.schema):
            raise TSqlError(f'The specified schema name "{name.schema}" does not exist.', 2760)
        if self.view_exists(name.schema, name.name):
            raise TSqlError(f"There is already an object named '{name}' in the database.", 2714)

    def kinds(self, relation: Name) -> dict[str, Type]:
        """The types of a table's or view's columns by name, in order."""
        return dict(self.columns(relation.schema, relation.name))

    def create_table(self, name: Name, layout: Layout, query: str, columns: Columns) -> None:
        """Create a table from the DuckDB `query`, which has these columns."""
        self.require_free(name)
        with self.transaction():
            self.run(f"create table {engine_name(name)} as {query}")
            for column in layout.columns:
                if column not in dict(columns):
                    raise TSqlError(f"The layout of {name} has an unknown column {column}.", 207)
            self.run(
                "insert into stand_in.tables"
                " values (nextval('stand_in.object_ids'), ?, ?, ?, ?, ?)",
                [name.schema, name.name, layout.distribution, layout.index, layout.partition],
            )
            self.put_columns(name.schema, name.name, columns)

    def drop_table(self, name: Name) -> None:
        """Remove a table with its statistics."""
        number = self.require_table(name)
        with self.transaction():
            self.run(f"drop table {engine_name(name)}")
            self.run("delete from stand_in.tables where object_id = ?", [number])
            self.run("delete from stand_in.statistics where object_id = ?", [number])
            where = "where schema_name = ? and view_name = ?"
            self.run(f"delete from stand_in.columns {where}", [*vars(name).values()])

    def rename_table(self, name: Name, new: str) -> None:
        """Rename a table in its schema; it keeps its statistics."""
        number = self.require_table(name)
        self.require_free(Name(name.schema, new))
        with self.transaction():
            self.run(f"alter table {engine_name(name)} rename to {quoted(new)}")
            self.run("update stand_in.tables set name = ? where object_id = ?", [new, number])
            self.run(
                "update stand_in.columns set view_name = ? where schema_name = ? and view_name = ?",
                [new, name.schema, name.name],
            )

    def put_statistics(self, table: Name, name: str, columns: Sequence[str]) -> None:
        """Create statistics of columns. Without columns, update the statistics of that name."""
        number = self.require_table(table)
        there = "object_id = ? and name = ?"
        known = self.rows(f"select 1 from stand_in.statistics where {there}", [number, name])
        if columns:
            if known:
                raise TSqlError(f"The table {table} already has statistics '{name}'.", 1927)
            for column in columns:
                if column not in self.kinds(table):
                    raise TSqlError(f"The table {table} has no column '{column}'.", 207)
            self.run(
                "insert into stand_in.statistics values (?, ?, ?, 0)",
                [number, name, ", ".join(columns)],
            )
            return
        if not known:
            raise TSqlError(f"The table {table} has no statistics '{name}'.", 2767)
        self.run(
            f"update stand_in.statistics set updates = updates + 1 where {there}", [number, name]
        )


def engine_name(name: Name) -> str:
    """A table's name in DuckDB's SQL."""
    return f"{quoted(name.schema)}.{quoted(name.name)}"
