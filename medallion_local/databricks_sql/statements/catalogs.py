"""CREATE, DROP, USE and DESCRIBE of catalogs.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-catalog.html
"""

from medallion_local.databricks_sql.catalog.information_schema import OWNER
from medallion_local.databricks_sql.catalog.metastore import SYSTEM
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.reader import Reader


def names(context: Context) -> list[str]:
    """All catalogs by name, with the one that has only the information schema."""
    return sorted([*context.catalog.catalogs(), SYSTEM])


def create(context: Context, reader: Reader) -> Result:
    """CREATE CATALOG [IF NOT EXISTS] name [COMMENT text]. Storage is always the home's."""
    reader.expect("CREATE", "CATALOG")
    exists = reader.take("IF", "NOT", "EXISTS")
    name = reader.identifier()
    comment = reader.string() if reader.take("COMMENT") else None
    reader.finish()
    context.catalog.create_catalog(name, exists, comment)
    return done()


def drop(context: Context, reader: Reader) -> Result:
    """DROP CATALOG [IF EXISTS] name [RESTRICT | CASCADE]."""
    reader.expect("DROP", "CATALOG")
    exists = reader.take("IF", "EXISTS")
    name = reader.identifier()
    cascade = reader.take("CASCADE")
    if not cascade:
        reader.take("RESTRICT")
    reader.finish()
    if exists and name.lower() not in context.catalog.catalogs():
        return done()
    context.catalog.drop_catalog(name, cascade)
    return done()


def use(context: Context, reader: Reader) -> Result:
    """USE [SCHEMA | DATABASE] [catalog.]schema, and USE CATALOG name."""
    if reader.take("CATALOG"):
        return use_catalog(context, reader)
    if not reader.take("SCHEMA"):
        reader.take("DATABASE")
    catalog, schema = context.session.namespace(reader.name())
    reader.finish()
    context.catalog.require_schema(schema, catalog)
    context.session.catalog, context.session.schema = catalog, schema
    return done()


def use_catalog(context: Context, reader: Reader) -> Result:
    """The rest of USE CATALOG name. The current schema becomes `default`."""
    name = reader.identifier()
    reader.finish()
    context.session.catalog = context.catalog.current_catalog(name)
    context.session.schema = "default"
    return done()


def describe(context: Context, reader: Reader) -> list[tuple[str, str]]:
    """The facts of DESCRIBE CATALOG [EXTENDED] name, after these keywords."""
    extended = reader.take("EXTENDED")
    name = reader.identifier()
    reader.finish()
    catalog = context.catalog.require_catalog(name)
    facts = [
        ("Catalog Name", catalog),
        ("Comment", context.catalog.catalogs()[catalog] or ""),
        ("Owner", OWNER),
    ]
    return [*facts, ("Catalog Type", "Regular")] if extended else facts
