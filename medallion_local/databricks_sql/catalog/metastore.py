"""The SQLite tables of the catalog, and the names of catalogs."""

import sqlite3

from medallion_local.databricks_sql.catalog.object_names import check_object_name
from medallion_local.databricks_sql.language.errors import SqlError

# `system` has only the information schema of all catalogs; no one can create or drop it.
SYSTEM = "system"
HIVE = "hive_metastore"
PUT = "insert or replace into relations (schema, name, catalog, body) values (?, ?, ?, ?)"
DELETE = "delete from relations where schema = ? and name = ? and catalog = ?"
_TABLES = (
    "create table if not exists catalogs (name text primary key, comment text)",
    "create table if not exists schemas "
    "(catalog text, name text, comment text, properties text, location text, "
    "primary key (catalog, name))",
    "create table if not exists relations (catalog text, schema text, name text, "
    "body text not null, primary key (catalog, schema, name))",
)


def create_tables(db: sqlite3.Connection, first: str) -> None:
    """Create the tables; `first` is the catalog of a new file, and of a file without catalogs."""
    columns = [row[1] for row in db.execute("pragma table_info(schemas)")]
    db.execute("begin immediate")
    if columns and "catalog" not in columns:  # written by an earlier version
        for table in ("schemas", "relations"):
            db.execute(f"alter table {table} rename to old_{table}")
        for statement in _TABLES:
            db.execute(statement)
        db.execute(
            "insert into schemas (catalog, name, comment) "
            "select 'medallion', name, comment from old_schemas"
        )
        db.execute(
            "insert into relations select 'medallion', schema, name, body from old_relations"
        )
        db.execute("insert into catalogs values ('medallion', null)")
        for table in ("schemas", "relations"):
            db.execute(f"drop table old_{table}")
    elif columns and "properties" not in columns:
        for column in ("properties", "location"):
            db.execute(f"alter table schemas add column {column} text")
    for statement in _TABLES:
        db.execute(statement)
    if db.execute("select count(*) from catalogs").fetchone() == (0,):
        _insert(db, first, None)
    db.execute("commit")


def insert_catalog(db: sqlite3.Connection, name: str, comment: str | None) -> None:
    """Add a catalog with the schema `default`."""
    db.execute("begin immediate")
    _insert(db, name, comment)
    db.execute("commit")


def _insert(db: sqlite3.Connection, name: str, comment: str | None) -> None:
    db.execute("insert into catalogs values (?, ?)", (name, comment))
    db.execute("insert or ignore into schemas (catalog, name) values (?, 'default')", (name,))


def delete_catalog(db: sqlite3.Connection, name: str) -> None:
    """Remove a catalog with all that it contains."""
    db.execute("begin immediate")
    db.execute("delete from relations where catalog = ?", (name,))
    db.execute("delete from schemas where catalog = ?", (name,))
    db.execute("delete from catalogs where name = ?", (name,))
    db.execute("commit")


def check_name(name: str) -> None:
    """Raise for a name that no new catalog can have."""
    if name.lower() in (SYSTEM, HIVE, "samples"):
        raise SqlError(f"[INVALID_PARAMETER_VALUE] `{name}` is a reserved name of a catalog.")
    check_object_name(name, "catalog")


def no_catalog(name: str) -> SqlError:
    """The error for a catalog that does not exist."""
    if name.lower() == HIVE:
        return SqlError(
            "[UC_HIVE_METASTORE_DISABLED_EXCEPTION] The catalog `hive_metastore` is disabled here: "
            "use a catalog of Unity Catalog."
        )
    return SqlError(
        f"[NO_SUCH_CATALOG_EXCEPTION] Catalog '{name}' was not found. Create it with "
        f"`CREATE CATALOG {name}` or `medallion up --catalog {name}`."
    )


def forget(db: sqlite3.Connection, table: str, name: str) -> None:
    """Remove a table's rows for a dropped object, by its full name, and for what it contains."""
    db.execute(
        f"delete from {table} where name = ? or substr(name, 1, ?) = ?",
        (name, len(name) + 1, f"{name}."),
    )
