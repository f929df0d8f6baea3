"""CREATE and DROP of schemas, tables and views."""

import json
from dataclasses import replace

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import (
    EXTERNAL,
    MANAGED,
    MATERIALIZED,
    VIEW,
    Column,
    Key,
    Relation,
    SchemaDetails,
)
from medallion_local.databricks_sql.catalog.column_names import with_columns
from medallion_local.databricks_sql.catalog.delta_column_names import check_column_names
from medallion_local.databricks_sql.catalog.formats import of_files, require_plain_types
from medallion_local.databricks_sql.catalog.object_names import check_object_name
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.definitions import (
    Definition,
    definition,
    keeps_view,
    relation_of,
    target,
)
from medallion_local.databricks_sql.delta.computed import check_definitions, require_defaults
from medallion_local.databricks_sql.delta_log.log import Operation
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.session import Session, TemporaryView
from medallion_local.databricks_sql.types import type_name
from medallion_local.databricks_sql.write_checks import declared_type, length_metadata


def create_schema(context: Context, reader: Reader, sql: str) -> Result:
    """The rest of CREATE SCHEMA [IF NOT EXISTS] name, with clauses in any order.

    The location of MANAGED LOCATION is recorded. The tables are in the home.
    """
    exists = reader.take("IF", "NOT", "EXISTS")
    catalog, name = context.session.namespace(reader.name())
    details = SchemaDetails()
    while not reader.at_end:
        if reader.take("COMMENT"):
            details = replace(details, comment=reader.string())
        elif reader.take("WITH", "DBPROPERTIES"):
            details = replace(details, properties=reader.pairs())
        elif reader.take("MANAGED", "LOCATION"):
            details = replace(details, location=reader.string())
            context.storage.lake_folder(details.location)
        else:
            raise unsupported(sql)
    context.catalog.create_schema(name, catalog, exists, details)
    return done()


def schema_named(context: Context, table: exp.Table) -> tuple[str, str]:
    """The catalog and the schema that a table's node names: sqlglot parses a schema as a table."""
    return context.session.namespace(tuple(part.name for part in table.parts if part.name))


def create_table(context: Context, tree: exp.Create, sql: str) -> Result:
    """CREATE TABLE, empty or with a query's rows. OR REPLACE is one Delta commit."""
    key = context.session.key(target(tree))
    context.catalog.require_schema(key.schema, key.catalog)
    clauses = definition(tree, sql, context.session)
    _check_format(tree, clauses, sql)
    _take_layout(context, tree, clauses)
    before = context.catalog.find(key)
    if before is not None:
        if tree.args.get("exists"):
            return done()
        _check_replaceable(before, bool(tree.args.get("replace")))
    _check_layout(clauses)
    folder = _folder(context, key, clauses, before)
    with context.storage.lock(folder):
        columns = _write(context, tree, clauses, folder, sql)
        context.catalog.put(
            relation_of(
                context.session,
                key,
                EXTERNAL if clauses.url else MANAGED,
                clauses,
                before,
                columns=columns,
                location=folder,
                external_url=clauses.url,
            )
        )
    return done()


def _check_format(create: exp.Create, clauses: Definition, sql: str) -> None:
    """Raise for what Unity Catalog refuses for a table that is not a Delta table."""
    shown = of_files(clauses.provider)
    if shown is None:
        return
    if not clauses.url:
        raise SqlError(
            f"[UNSUPPORTED_FEATURE] A table of {shown} files needs a LOCATION: managed tables are "
            "Delta or Iceberg tables."
        )
    if create.args.get("replace") or clauses.clustered_by or clauses.cluster_auto:
        raise unsupported(sql)


def _check_layout(clauses: Definition) -> None:
    if clauses.partitioned_by and (clauses.clustered_by or clauses.cluster_auto):
        raise SqlError(
            "[SPECIFY_CLUSTER_BY_WITH_PARTITIONED_BY_IS_NOT_ALLOWED] Cannot specify both "
            "CLUSTER BY and PARTITIONED BY."
        )


def _check_columns(clauses: Definition, names: list[str]) -> None:
    known = {name.lower() for name in names}
    for name in clauses.partitioned_by + clauses.clustered_by:
        if name.lower() not in known:
            raise SqlError(
                f"[DELTA_COLUMN_NOT_FOUND_IN_SCHEMA] Unable to find the column `{name}`: the "
                f"table's columns are {', '.join(names)}."
            )


def _take_layout(context: Context, tree: exp.Create, clauses: Definition) -> None:
    """CREATE TABLE … LIKE: another table's columns, layout and properties, not its constraints."""
    like = tree.find(exp.LikeProperty)
    if like is None:
        return
    source = context.relation(tuple(part.name for part in like.this.parts))
    clauses.columns = list(source.columns)
    clauses.properties = source.properties | clauses.properties
    clauses.partitioned_by = clauses.partitioned_by or list(source.partitioned_by)
    clauses.clustered_by = clauses.clustered_by or list(source.clustered_by)


def _check_replaceable(before: Relation, replace: bool) -> None:
    if not replace:
        raise SqlError(f"[TABLE_OR_VIEW_ALREADY_EXISTS] {before.full_name} already exists.")
    if before.is_view or before.is_refreshed:
        raise SqlError(
            f"[EXPECT_TABLE_NOT_VIEW] {before.full_name} is a {before.kind.lower()}: drop it first."
        )


def _folder(context: Context, key: Key, clauses: Definition, before: Relation | None) -> str:
    """An external table's folder, or the existing folder, or a new one if the partitions differ."""
    if before is None:
        check_object_name(key.name)  # before any row is written
    if clauses.url:
        return context.storage.lake_folder(clauses.url)
    if (
        before is not None
        and before.kind == MANAGED
        and before.partitioned_by == clauses.partitioned_by
    ):
        return before.location
    return context.storage.managed_folder(*key)


def _operation(tree: exp.Create, clauses: Definition) -> Operation:
    replaces = "OR REPLACE " if tree.args.get("replace") else ""
    selects = "" if tree.expression is None else " AS SELECT"
    return Operation(
        f"CREATE {replaces}TABLE{selects}",
        {
            "partitionBy": json.dumps(clauses.partitioned_by),
            "clusterBy": json.dumps(clauses.clustered_by),
            "description": json.dumps(clauses.comment),
            "isManaged": json.dumps(not clauses.url),
            "properties": json.dumps(clauses.properties),
        },
    )


def _write(
    context: Context, tree: exp.Create, clauses: Definition, folder: str, sql: str
) -> list[Column]:
    query = tree.expression
    operation = _operation(tree, clauses)
    if _is_attached(tree, clauses, folder):
        return _attached(context, tree, clauses, folder)
    if query is not None:
        if clauses.columns:
            raise unsupported(sql)
        result = context.query(query)
        _refuse_duplicates(result.schema)
        check_column_names(result.schema, clauses.properties)
        require_plain_types(clauses.provider, result.schema)
        _check_columns(clauses, result.schema.names)
        storage.replace_table(
            folder,
            result.schema,
            storage.clustered(result.batches, clauses.clustered_by),
            clauses.partitioned_by,
            clauses.properties,
            operation,
        )
    elif clauses.columns:
        kinds = context.resolver().arrow_schema([(c.name, c.type) for c in clauses.columns])
        schema = pa.schema(
            pa.field(c.name, f.type, c.nullable, length_metadata(c.type))
            for c, f in zip(clauses.columns, kinds, strict=True)
        )
        _refuse_duplicates(schema)
        check_column_names(schema, clauses.properties)
        require_plain_types(clauses.provider, schema)
        require_defaults(clauses.properties, clauses.columns, operation.name)
        check_definitions(context, clauses.columns)
        _check_columns(clauses, schema.names)
        storage.replace_table(
            folder, schema, iter(()), clauses.partitioned_by, clauses.properties, operation
        )
        return [
            replace(c, type=declared_type(f, type_name(f.type)))
            for c, f in zip(clauses.columns, schema, strict=True)
        ]
    else:
        raise SqlError(f"[DELTA_TABLE_NOT_FOUND] {clauses.url or folder} has no Delta table.")
    return storage.columns_of(folder)


def _is_attached(tree: exp.Create, clauses: Definition, folder: str) -> bool:
    """Whether the table is the one that its location has. CTAS of files writes them again."""
    if not clauses.url or tree.args.get("replace") or not storage.is_in_use(folder):
        return False
    return tree.expression is None or of_files(clauses.provider) is None


def _attached(context: Context, tree: exp.Create, clauses: Definition, folder: str) -> list[Column]:
    """The columns of the table that a location has. It keeps its rows."""
    if not storage.exists(folder):
        raise SqlError(
            f"[DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION] The location {clauses.url} is not empty "
            "and also not a Delta table: read its files with read_files."
        )
    if tree.expression is not None:
        raise SqlError(
            f"[DELTA_PATH_EXISTS] Cannot write to already existing path {clauses.url}: use CREATE "
            "OR REPLACE TABLE."
        )
    found = storage.columns_of(folder)
    partitioned_by, properties = storage.layout_of(folder)
    if clauses.columns:
        kinds = context.resolver().arrow_schema([(c.name, c.type) for c in clauses.columns])
        same = _types(kinds) == _types(storage.table_schema(folder))
        if not same or clauses.partitioned_by != partitioned_by:
            columns = ", ".join(f"{column.name} {column.type}" for column in found)
            raise SqlError(
                "[DELTA_CREATE_TABLE_SCHEME_MISMATCH] The specified schema does not match the "
                f"existing schema at {clauses.url}: ({columns})"
                f"{' PARTITIONED BY ' if partitioned_by else ''}{', '.join(partitioned_by)}."
            )
    clauses.partitioned_by = partitioned_by
    clauses.properties = properties | clauses.properties
    return found


def _types(schema: pa.Schema) -> list[tuple[str, str]]:
    return [(field.name.lower(), type_name(field.type)) for field in schema]


def _refuse_duplicates(schema: pa.Schema) -> None:
    seen: set[str] = set()
    for name in schema.names:
        if name.lower() in seen:
            raise SqlError(f"[COLUMN_ALREADY_EXISTS] The column `{name}` appears twice.")
        seen.add(name.lower())


def create_view(context: Context, tree: exp.Create, sql: str) -> Result:
    """CREATE VIEW, temporary or not. The query is planned, so that an invalid view is an error."""
    query = query_text(sql)
    parts = target(tree)
    properties = tree.args.get("properties")
    if properties is not None and properties.find(exp.GlobalProperty):
        raise unsupported(sql)
    if properties is not None and properties.find(exp.TemporaryProperty):
        name = parts[-1].lower()
        if any(table.name.lower() == name and not table.db for table in _tables(tree.expression)):
            raise SqlError(f"[RECURSIVE_VIEW] The temporary view `{name}` reads itself.")
        named = _named(tree, sql, context.session)
        schema = context.columns(named.copy())
        context.session.temporary_views[name] = TemporaryView(
            named, tuple(Column(field.name, type_name(field.type)) for field in schema)
        )
        return done()
    key = context.session.key(parts)
    context.catalog.require_schema(key.schema, key.catalog)
    for table in _tables(tree.expression):
        if not table.db and table.name.lower() in context.session.temporary_views:
            raise SqlError(
                f"[INVALID_TEMP_OBJ_REFERENCE] Cannot create the persistent object {key.catalog}."
                f"{key.schema}.{key.name} of the type VIEW because it references to the temporary "
                f"object `{table.name}` of the type VIEW."
            )
    before = context.catalog.find(key)
    if keeps_view(before, tree):
        return done()
    clauses = definition(tree, sql, context.session)
    schema = context.columns(tree.expression.copy())
    _refuse_duplicates(schema)
    columns = [Column(f.name, type_name(f.type)) for f in schema]
    if clauses.columns:
        if len(clauses.columns) != len(columns):
            raise SqlError(
                f"[CREATE_VIEW_COLUMN_ARITY_MISMATCH] {key[0]}.{key[1]} names "
                f"{len(clauses.columns)} columns, and its query has {len(columns)}."
            )
        columns = [
            Column(named.name, found.type, True, named.comment)
            for named, found in zip(clauses.columns, columns, strict=True)
        ]
    context.catalog.put(
        relation_of(
            context.session,
            key,
            VIEW,
            clauses,
            before,
            query,
            columns=columns,
            column_list=bool(clauses.columns),
        )
    )
    return done()


def alter_view(context: Context, relation: Relation, query: str) -> None:
    """ALTER VIEW … AS: another query. The view keeps its comment, properties and tags."""
    tree = parse(query)
    names = [tuple(part.name for part in table.parts) for table in _tables(tree) if table.name]
    if any(len(parts) <= 3 and context.session.key(parts) == relation.key for parts in names):
        raise SqlError(f"[RECURSIVE_VIEW] The view {relation.full_name} reads itself.")
    schema = context.columns(tree)
    _refuse_duplicates(schema)
    tags = {column.name.lower(): column.tags for column in relation.columns}
    context.catalog.change(
        relation.key,
        query=query,
        query_schema=context.session.schema,
        query_catalog=context.session.catalog,
        columns=[
            Column(field.name, type_name(field.type), tags=tags.get(field.name.lower(), {}))
            for field in schema
        ],
        column_list=False,
    )


def _named(create: exp.Create, sql: str, session: Session) -> exp.Expression:
    """The query of a CREATE VIEW, with the columns that the view names."""
    columns = definition(create, sql, session).columns
    query = create.expression
    return with_columns(query, [column.name for column in columns]) if columns else query


def _tables(query: exp.Expression) -> list[exp.Table]:
    defined = {cte.alias.lower() for cte in query.find_all(exp.CTE)}
    return [table for table in query.find_all(exp.Table) if table.name.lower() not in defined]


def created(context: Context, plain: str, sql: str) -> tuple[exp.Create, Key]:
    """The tree of a CREATE … AS, and what it creates; `plain` is `sql` as the grammar knows it."""
    tree = parse(plain)
    if not isinstance(tree, exp.Create) or tree.expression is None:
        raise unsupported(sql)
    key = context.session.key(target(tree))
    context.catalog.require_schema(key.schema, key.catalog)
    return tree, key


def query_text(sql: str) -> str:
    """The text after a CREATE's `AS`, with comments, as the catalog shows it."""
    reader = Reader(sql)
    reader.until("AS")
    return sql[reader.end_of("AS") :].strip().rstrip(";").strip()


def _drops(kind: str, materialized: bool, found: Relation) -> bool:
    """Whether a DROP of this kind drops the relation. DROP VIEW drops both kinds of views."""
    if kind != "VIEW":
        return not found.is_view and found.kind != MATERIALIZED
    return found.kind == MATERIALIZED or (found.is_view and not materialized)


def drop(context: Context, tree: exp.Drop, sql: str) -> Result:
    """DROP SCHEMA, TABLE or VIEW. A managed table's files are removed at the next start."""
    kind = tree.args["kind"].upper()
    if len(tree.args["tables"]) != 1:
        raise unsupported(sql)
    (table,) = tree.args["tables"]
    if kind in ("SCHEMA", "DATABASE"):
        catalog, name = schema_named(context, table)
        if tree.args.get("exists") and name not in context.catalog.schemas(catalog):
            context.catalog.require_catalog(catalog)
            return done()
        context.catalog.drop_schema(name, catalog, bool(tree.args.get("cascade")))
        return done()
    if kind not in ("TABLE", "VIEW", "MATERIALIZED VIEW"):
        raise unsupported(sql)
    parts = tuple(part.name for part in table.parts)
    if len(parts) == 1 and context.session.temporary_views.pop(parts[0].lower(), None) is not None:
        return done()
    key = context.session.key(parts)
    found = context.catalog.find(key)
    if found is None:
        if tree.args.get("exists"):
            return done()
        context.catalog.get(key)
    elif not _drops(kind, bool(tree.args.get("materialized")), found):
        raise SqlError(
            f"[WRONG_COMMAND_FOR_OBJECT_TYPE] {found.full_name} is a {found.kind.lower()}: "
            f"DROP {kind} cannot drop it."
        )
    with context.storage.lock("/".join(key)):
        context.catalog.drop(key)
    return done()
