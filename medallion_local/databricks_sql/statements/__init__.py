"""Send each statement to its handler. A statement without a handler is an error that names it."""

from dataclasses import dataclass

from sqlglot import exp

from medallion_local.databricks_sql import settings
from medallion_local.databricks_sql.catalog import Catalog
from medallion_local.databricks_sql.catalog.information_schema import InformationSchema
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.delta import evolution, maintenance
from medallion_local.databricks_sql.engine import CATALOG, Engine, Result
from medallion_local.databricks_sql.functions import python
from medallion_local.databricks_sql.language import dollar_quotes
from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.language.errors import SqlError, excerpt, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.scripting import variables
from medallion_local.databricks_sql.scripting.execute_immediate import execute_immediate
from medallion_local.databricks_sql.scripting.identifiers import with_identifiers
from medallion_local.databricks_sql.session import Session
from medallion_local.databricks_sql.statements import (
    catalogs,
    changes,
    copy_into,
    describe,
    directories,
    grants,
    literal_rows,
    materialized_views,
    metric_views,
    streaming,
    tables,
    tags,
)
from medallion_local.databricks_sql.statements import function_ddl as functions
from medallion_local.databricks_sql.statements.alter import alter, comment_on
from medallion_local.databricks_sql.statements.clone import clone, is_clone
from medallion_local.databricks_sql.statements.explain import explain
from medallion_local.databricks_sql.storage import Storage
from medallion_local.databricks_sql.streams import streaming_ddl

_BY_WORD = {
    "OPTIMIZE": maintenance.optimize,
    "VACUUM": maintenance.vacuum,
    "RESTORE": maintenance.restore,
    "ANALYZE": maintenance.analyze,
    "GRANT": grants.grant,
    "REVOKE": grants.grant,
    "COPY": copy_into.copy_into,
}

_TAGGED = (
    *(("SET", "TAG"), ("UNSET", "TAG")),
    *(("ALTER", kind) for kind in ("CATALOG", "SCHEMA", "DATABASE")),
)

# Statements about files of volumes, and about what this warehouse does not keep or does not need.
_REFUSED = (
    *("PUT", "GET", "REMOVE", "LIST", "UNDROP", "REORG", "FSCK", "MSCK", "SYNC", "CONVERT"),
    *("REPAIR", "CACHE", "UNCACHE"),
)


@dataclass(frozen=True)
class Warehouse:
    """The parts that all sessions share."""

    catalog: Catalog
    storage: Storage
    engine: Engine
    information_schema: InformationSchema
    first_catalog: str = CATALOG

    def execute(self, session: Session, sql: str) -> Result:
        """Run one statement for a session."""
        with literal_rows.as_file(self.storage, sql) as text:
            return self._execute(session, text)

    def _execute(self, session: Session, sql: str) -> Result:
        context = Context(self.catalog, self.storage, self.engine, session)
        if (quoted := dollar_quotes.split(sql)) is not None:
            head, body = quoted
            if metric_views.is_definition(head):
                return metric_views.define(context, sql, head, body)
            if functions.is_create(Reader(head)) and python.is_named(head):
                return functions.create(context, head, body)
        sql = with_identifiers(context, sql)
        reader = Reader(sql)
        if reader.at_end:
            raise SqlError("[PARSE_EMPTY_STATEMENT] The statement is empty.")
        if reader.sees("DECLARE"):
            return variables.declare(context, sql)
        if reader.take("SET", "VAR") or reader.take("SET", "VARIABLE"):
            return variables.assign(context, reader)
        if reader.sees("DROP", "TEMPORARY", "VARIABLE") or reader.sees("DROP", "TEMPORARY", "VAR"):
            return variables.drop(context, sql)
        if reader.sees("EXECUTE", "IMMEDIATE"):
            return execute_immediate(context, sql, lambda text: self.execute(session, text))
        if reader.sees("BEGIN"):
            raise unsupported(f"SQL scripting: {excerpt(sql)}")
        if reader.take("EXPLAIN"):
            return explain(context, reader, sql)
        if functions.is_create(reader):
            return functions.create(context, sql)
        if any(reader.sees("DROP", *words) for words in functions.DROPPED):
            return functions.drop(context, sql)
        if reader.sees("SHOW"):
            return describe.show(context, sql)
        if reader.sees("DESCRIBE") or reader.sees("DESC"):
            return describe.describe(context, sql)
        if any(reader.sees(*words) for words in _TAGGED):
            tagging = tags.alter_container if reader.sees("ALTER") else tags.tag
            return tagging(context, sql)
        if reader.sees("ALTER"):
            return alter(context, sql)
        if reader.sees("COMMENT"):
            return comment_on(context, sql)
        if streaming_ddl.is_create(reader):
            return streaming.create(context, sql)
        if materialized_views.is_create(reader):
            return materialized_views.create(context, sql)
        if is_clone(sql):
            return clone(context, sql)
        if reader.take("REFRESH"):
            return _refresh(context, reader)
        if reader.take("USE"):
            return catalogs.use(context, reader)
        if reader.take("SET", "CATALOG"):
            return catalogs.use_catalog(context, reader)
        if reader.sees("CREATE", "CATALOG"):
            return catalogs.create(context, reader)
        if reader.take("CREATE", "SCHEMA") or reader.take("CREATE", "DATABASE"):
            return tables.create_schema(context, reader, sql)
        if reader.sees("DROP", "CATALOG"):
            return catalogs.drop(context, reader)
        if reader.sees("SET"):
            return settings.set_(session.settings, self.engine.name, sql)
        if reader.sees("RESET"):
            return settings.reset(session.settings, sql)
        for word, handle in _BY_WORD.items():
            if reader.sees(word):
                return handle(context, sql)
        if reader.sees("INSERT", "OVERWRITE", "DIRECTORY"):
            return directories.insert_overwrite(context, sql)
        if reader.sees("INSERT") and _replaces(sql):
            return changes.insert_replacing(context, sql)
        evolves = False
        if reader.sees("INSERT", "WITH") or reader.sees("MERGE", "WITH"):
            sql, evolves = evolution.without_clause(sql)
        if reader.take("TABLE"):
            sql = f"SELECT * FROM {reader.rest()}"
            return self._query(context, parse(sql), sql)
        if any(reader.sees(word) for word in _REFUSED):
            raise unsupported(sql)
        return self._tree(context, sql, evolves)

    def _tree(self, context: Context, sql: str, evolves: bool = False) -> Result:
        tree = parse(sql)
        if isinstance(tree, exp.Query | exp.Values):
            return self._query(context, tree, sql)
        if isinstance(tree, exp.Create):
            return _create(context, tree, sql)
        if isinstance(tree, exp.Drop):
            return tables.drop(context, tree, sql)
        if isinstance(tree, exp.Insert):
            return changes.insert(context, tree, sql, evolves)
        if isinstance(tree, exp.Merge):
            return changes.merge(context, tree, sql, evolves)
        if isinstance(tree, exp.Update):
            return changes.update(context, tree)
        if isinstance(tree, exp.Delete):
            return changes.delete(context, tree)
        if isinstance(tree, exp.TruncateTable):
            return changes.truncate(context, tree)
        raise unsupported(sql)

    def _query(self, context: Context, tree: exp.Expression, sql: str) -> Result:
        if InformationSchema.is_read_by(tree):
            return self.information_schema.query(sql, context.session.catalog)
        return context.query(tree)


def _create(context: Context, tree: exp.Create, sql: str) -> Result:
    kind = tree.args["kind"].upper()
    properties = tree.args.get("properties")
    if properties is not None and properties.find(exp.StreamingTableProperty):
        raise unsupported(sql)
    if kind == "TABLE":
        return tables.create_table(context, tree, sql)
    if kind == "VIEW":
        return tables.create_view(context, tree, sql)
    raise unsupported(sql)


def _refresh(context: Context, reader: Reader) -> Result:
    """REFRESH {MATERIALIZED VIEW | [STREAMING] TABLE} name [FULL] [SYNC | ASYNC].

    REFRESH TABLE of another table or a view renews a cache, which this warehouse does not have.
    ASYNC may return before the refresh ends. Here it returns afterwards, like SYNC.
    """
    view = reader.take("MATERIALIZED", "VIEW")
    cached = reader.sees("TABLE")
    if not view:
        reader.take("STREAMING")
        reader.expect("TABLE")
    parts = reader.name()
    if cached and reader.at_end and not context.relation(parts).is_refreshed:
        return done()
    full = reader.take("FULL")
    _ = reader.take("SYNC") or reader.take("ASYNC")
    reader.finish()
    if view:
        return materialized_views.refresh(context, parts)
    return streaming.refresh(context, parts, full)


def _replaces(sql: str) -> bool:
    """Whether an INSERT has a REPLACE ON or REPLACE WHERE clause."""
    reader = Reader(sql)
    reader.until("REPLACE")
    return any(reader.sees("REPLACE", word) for word in ("ON", "WHERE", "USING"))
