"""DESCRIBE and SHOW."""

import fnmatch
import json
from datetime import UTC, datetime

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.catalog import (
    EXTERNAL,
    MATERIALIZED,
    Column,
    Constraint,
    Policy,
    Relation,
)
from medallion_local.databricks_sql.catalog.information_schema import OWNER
from medallion_local.databricks_sql.catalog.show_create import create_statement
from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.delta_log.history import detail, history
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.language.dialect import parse, quoted
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.statements import catalogs, grants
from medallion_local.databricks_sql.statements import function_ddl as functions
from medallion_local.databricks_sql.types import type_name


def describe(context: Context, sql: str) -> Result:
    """DESCRIBE [TABLE] [EXTENDED] name [AS JSON], and DESCRIBE QUERY query."""
    reader = Reader(sql)
    if not reader.take("DESCRIBE"):
        reader.expect("DESC")
    if reader.take("FUNCTION"):
        return functions.describe(context, reader)
    if reader.take("QUERY") or reader.sees("SELECT") or reader.sees("WITH"):
        return _column_rows(_query_columns(context, parse(reader.rest())))
    if reader.take("CATALOG"):
        return _texts(("info_name", "info_value"), catalogs.describe(context, reader))
    if reader.take("SCHEMA") or reader.take("DATABASE"):
        return _describe_schema(context, reader)
    reader.take("TABLE")
    for word, rows_of in (("HISTORY", history), ("DETAIL", detail)):
        if reader.take(word):
            found = rows_of(context.relation(reader.name()))
            rows = int(reader.identifier()) if reader.take("LIMIT") else found.num_rows
            reader.finish()
            return result_of(found.slice(0, rows))
    extended = reader.take("EXTENDED") or reader.take("FORMATTED")
    parts = reader.name()
    as_json = reader.take("AS", "JSON")
    reader.finish()
    view = context.session.temporary_views.get(parts[0].lower()) if len(parts) == 1 else None
    if view is not None:
        columns = [*view.columns]
        if as_json:
            return _json(
                {
                    "table_name": parts[0],
                    "type": "VIEW",
                    "columns": [_json_column(column) for column in columns],
                }
            )
        return _column_rows(columns)
    relation = context.relation(parts)
    if as_json:
        return _json(_described(relation))
    return _column_rows(relation.columns, _details(relation, extended))


def _describe_schema(context: Context, reader: Reader) -> Result:
    """DESCRIBE SCHEMA [EXTENDED] name."""
    extended = reader.take("EXTENDED")
    catalog, schema = context.session.namespace(reader.name())
    reader.finish()
    context.catalog.require_schema(schema, catalog)
    details = context.catalog.schema_details(schema, catalog)
    facts = [
        ("Catalog Name", catalog),
        ("Namespace Name", schema),
        ("Comment", details.comment or ""),
        ("Location", details.location),
        ("Owner", OWNER),
    ]
    if extended:
        pairs = [f"({key},{value})" for key, value in sorted(details.properties.items())]
        facts.append(("Properties", f"({', '.join(pairs)})" if pairs else ""))
    return _texts(("database_description_item", "database_description_value"), facts)


def _query_columns(context: Context, query: exp.Expression) -> list[Column]:
    schema = context.columns(query)
    return [Column(field.name, type_name(field.type)) for field in schema]


def _column_rows(columns: list[Column], more: list[tuple[str, str, str]] | None = None) -> Result:
    rows = [(column.name, column.type, column.comment) for column in columns] + (more or [])
    return _texts(("col_name", "data_type", "comment"), rows)


def _details(relation: Relation, extended: bool) -> list[tuple[str, str, str]]:
    found: list[tuple[str, str, str]] = []
    types = {column.name.lower(): column.type for column in relation.columns}
    if relation.partitioned_by:
        found += [("# Partition Information", "", ""), ("# col_name", "data_type", "comment")]
        found += [(name, types.get(name.lower(), ""), "") for name in relation.partitioned_by]
    if relation.clustered_by:
        found += [("# Clustering Information", "", ""), ("# col_name", "data_type", "comment")]
        found += [(name, types.get(name.lower(), ""), "") for name in relation.clustered_by]
    if not extended:
        return found
    found += [("", "", ""), ("# Detailed Table Information", "", "")]
    found += [(key, value, "") for key, value in _facts(relation).items()]
    keys = [(one.name, _key_text(relation, one), "") for one in relation.constraints if one.columns]
    return found + ([("", "", ""), ("# Constraints", "", ""), *keys] if keys else [])


def _facts(relation: Relation) -> dict[str, str]:
    facts = {
        "Catalog": relation.catalog,
        "Database": relation.schema,
        "Table": relation.name,
        "Created Time": datetime.fromtimestamp(relation.created, UTC).ctime(),
        "Last Access": "UNKNOWN",
        "Created By": "Spark",
        "Type": relation.kind,
    }
    if relation.comment:
        facts["Comment"] = relation.comment
    if relation.query:
        facts["View Text"] = relation.query
    if not relation.is_view:
        facts["Location"] = relation.external_url or relation.location
        facts["Provider"] = relation.provider
    facts["Owner"] = relation.owner or OWNER
    if relation.statistics:
        facts["Statistics"] = relation.statistics
    if relation.kind == EXTERNAL:
        facts["External"] = "true"
    if relation.is_refreshed:
        facts["Refresh Schedule"] = relation.schedule
    pairs = ",".join(f"{key}={value}" for key, value in sorted(_properties(relation).items()))
    facts["Table Properties"] = f"[{pairs}]"
    return facts


def _described(relation: Relation) -> dict:
    """The document of DESCRIBE … AS JSON.

    Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-describe-table.html
    """
    document: dict = {
        "table_name": relation.name,
        "catalog_name": relation.catalog,
        "namespace": [relation.schema],
        "schema_name": relation.schema,
        "columns": [_json_column(column) for column in relation.columns],
        "owner": relation.owner or OWNER,
        "comment": relation.comment,
        "type": relation.kind,
        "table_properties": relation.properties,
        "partition_columns": relation.partitioned_by,
        "clustering_columns": relation.clustered_by,
    }
    if relation.query:
        document["view_text"] = relation.query
    if not relation.is_view:
        document["provider"] = relation.provider
        document["location"] = relation.external_url or relation.location
    if relation.row_filter is not None:
        document["row_filter"] = {
            "function_name": _json_function(relation.row_filter),
            "column_names": relation.row_filter.arguments,
        }
    masked = [
        {
            "column_name": column.name,
            "function_name": _json_function(column.mask),
            "using_column_names": column.mask.arguments,
        }
        for column in relation.columns
        if column.mask is not None
    ]
    if masked:
        document["column_masks"] = masked
    keys = [c for c in relation.constraints if c.kind in ("PRIMARY KEY", "FOREIGN KEY")]
    if keys:
        listed = ", ".join(f"({c.name},{_key_text(relation, c)})" for c in keys)
        document["table_constraints"] = f"[{listed}]"
    return document


def _key_text(relation: Relation, constraint: Constraint) -> str:
    columns = ", ".join(quoted(column) for column in constraint.columns)
    text = f"{constraint.kind} ({columns})"
    if constraint.references:
        schema, table, named = constraint.references
        there = ", ".join(quoted(column) for column in named)
        parent = ".".join(
            quoted(part) for part in (constraint.catalog or relation.catalog, schema, table)
        )
        text += f" REFERENCES {parent} ({there})"
    return text


def _json_function(policy: Policy) -> dict:
    names = ("catalog_name", "schema_name", "function_name")
    return dict(zip(names, policy.function.split("."), strict=True))


def _json_column(column: Column) -> dict:
    found = {"name": column.name, "type": _json_type(column.type), "nullable": column.nullable}
    if column.comment:
        found["comment"] = column.comment
    return found


def _json_type(name: str) -> dict:
    kind = parse(f"CREATE TABLE t (c {name})").find(exp.ColumnDef)
    assert kind is not None
    return _json_kind(kind.args["kind"], name)


def _json_kind(kind: exp.DataType, name: str) -> dict:
    if kind.is_type("array"):
        element = kind.expressions[0]
        return {"name": "array", "element_type": _json_kind(element, ""), "element_nullable": True}
    if kind.is_type("map"):
        key, value = kind.expressions
        return {
            "name": "map",
            "key_type": _json_kind(key, ""),
            "value_type": _json_kind(value, ""),
            "value_nullable": True,
        }
    if kind.is_type("struct"):
        fields = [
            {"name": f.name, "type": _json_kind(f.args["kind"], ""), "nullable": True}
            for f in kind.expressions
        ]
        return {"name": "struct", "fields": fields}
    if kind.is_type("decimal"):
        precision, scale = ([int(part.name) for part in kind.expressions] + [10, 0])[:2]
        return {"name": "decimal", "precision": precision, "scale": scale}
    return {"name": name or kind.sql(dialect="databricks").lower()}


def _json(document: dict) -> Result:
    return _texts(("json_metadata",), [(json.dumps(document),)])


def _texts(names: tuple[str, ...], rows: list[tuple]) -> Result:
    arrays = [pa.array([row[i] for row in rows], pa.string()) for i in range(len(names))]
    return result_of(pa.table(arrays, names=list(names)))


def show(context: Context, sql: str) -> Result:
    """SHOW CATALOGS, SCHEMAS, TABLES, VIEWS, COLUMNS, FUNCTIONS, PARTITIONS, CREATE TABLE, …"""
    reader = Reader(sql)
    reader.expect("SHOW")
    if reader.take("CATALOGS"):
        return _texts(("catalog",), [(name,) for name in _like(catalogs.names(context), reader)])
    if reader.take("SCHEMAS") or reader.take("DATABASES"):
        names = _like(context.catalog.schemas(_catalog(context, reader)), reader)
        return _texts(("databaseName",), [(name,) for name in names])
    if reader.take("TABLE", "EXTENDED"):
        return _show_extended(context, reader)
    if reader.take("CREATE", "TABLE") or reader.take("CREATE", "VIEW"):
        relation = context.relation(reader.name())
        reader.finish()
        return _texts(("createtab_stmt",), [(create_statement(relation),)])
    if reader.take("PARTITIONS"):
        return _show_partitions(context, reader)
    for kind in ("USER", "ALL", "SYSTEM"):
        if reader.take(kind, "FUNCTIONS"):
            return functions.show(context, reader, kind)
    if reader.take("FUNCTIONS"):
        return functions.show(context, reader, "ALL")
    if reader.take("TABLES"):
        return _show_relations(context, reader, "tableName", views_only=False)
    if reader.take("VIEWS"):
        return _show_relations(context, reader, "viewName", views_only=True)
    if reader.take("TBLPROPERTIES"):
        relation = context.relation(reader.name())
        properties = sorted(_properties(relation).items())
        if not reader.at_end:
            wanted = ".".join(reader.strings())
            properties = [pair for pair in properties if pair[0] == wanted] or [
                (wanted, f"Table {relation.full_name} does not have property: {wanted}")
            ]
            reader.finish()
        return _texts(("key", "value"), properties)
    if reader.take("GRANTS") or reader.take("GRANT"):
        return grants.show(context, reader)
    if reader.take("COLUMNS"):
        reader.expect("IN") if reader.sees("IN") else reader.expect("FROM")
        named = reader.name()
        if reader.take("IN") or reader.take("FROM"):
            named = (*reader.name(), named[-1])
        reader.finish()
        relation = context.relation(named)
        return _texts(("col_name",), [(column.name,) for column in relation.columns])
    raise unsupported(sql)


def _properties(relation: Relation) -> dict[str, str]:
    checks = [one for one in relation.constraints if one.kind == "CHECK"]
    found = {f"delta.constraints.{one.name.lower()}": one.expression for one in checks}
    found |= relation.properties
    if relation.clustered_by:
        found["clusteringColumns"] = json.dumps([[name] for name in relation.clustered_by]).replace(
            " ", ""
        )
    if relation.cluster_auto:
        found["clusterByAuto"] = "true"
    return found


def _catalog(context: Context, reader: Reader) -> str:
    if reader.take("IN") or reader.take("FROM"):
        return context.catalog.require_catalog(reader.identifier())
    return context.session.catalog


def _schema(context: Context, reader: Reader) -> tuple[str, str]:
    named = reader.name() if reader.take("IN") or reader.take("FROM") else ()
    catalog, schema = context.session.namespace(named)
    context.catalog.require_schema(schema, catalog)
    return schema, catalog


def _like(names: list[str], reader: Reader) -> list[str]:
    """The names that a SHOW's pattern matches: `*` is any text, `|` separates alternatives."""
    if reader.at_end:
        return names
    reader.take("LIKE")
    patterns = [pattern.strip().lower() for pattern in reader.string().split("|")]
    reader.finish()
    return [name for name in names if any(fnmatch.fnmatchcase(name, p) for p in patterns)]


def _show_relations(context: Context, reader: Reader, column: str, views_only: bool) -> Result:
    schema, catalog = _schema(context, reader)
    held = context.catalog.relations(schema, catalog)
    found = [r.name for r in held if r.is_view or r.kind == MATERIALIZED or not views_only]
    temporary = context.session.temporary_views
    shown = _like([*found, *temporary], reader)
    rows = [(schema, name, "false") for name in shown if name in found]
    rows += [("", name, "true") for name in shown if name in temporary]
    if not views_only:
        return _texts(("database", column, "isTemporary"), rows)
    materialized = {relation.name for relation in held if relation.kind == MATERIALIZED}
    columns = {
        "namespace": pa.array([namespace for namespace, _, _ in rows], pa.string()),
        column: pa.array([name for _, name, _ in rows], pa.string()),
        "isTemporary": pa.array([flag == "true" for _, _, flag in rows], pa.bool_()),
        "isMaterialized": pa.array(
            [bool(namespace) and name in materialized for namespace, name, _ in rows], pa.bool_()
        ),
    }
    return result_of(pa.table(columns))


def _show_partitions(context: Context, reader: Reader) -> Result:
    """SHOW PARTITIONS table [PARTITION (column = value, …)]: the values that rows have."""
    relation = context.relation(reader.name())
    if not relation.partitioned_by or relation.is_view:
        raise SqlError(
            "[INVALID_PARTITION_OPERATION.PARTITION_SCHEMA_IS_EMPTY] The partition command is "
            f"invalid. Table {relation.full_name} is not partitioned."
        )
    columns = ", ".join(quoted(name) for name in relation.partitioned_by)
    query = f"SELECT DISTINCT {columns} FROM delta.{quoted(relation.location)}"
    if reader.take("PARTITION"):
        items = reader.parenthesised().split(",")
        query += f" WHERE {' AND '.join(items)}"
    reader.finish()
    return context.query(parse(f"{query} ORDER BY {columns}"))


def _show_extended(context: Context, reader: Reader) -> Result:
    schema, catalog = _schema(context, reader)
    held = context.catalog.relations(schema, catalog)
    names = set(_like([r.name for r in held], reader))
    rows = [
        (schema, relation.name, "false", _information(relation))
        for relation in held
        if relation.name in names
    ]
    return _texts(("database", "tableName", "isTemporary", "information"), rows)


def _information(relation: Relation) -> str:
    lines = [f"{key}: {value}" for key, value in _facts(relation).items() if key != "View Text"]
    if relation.is_refreshed:
        lines.append(f"TYPE: {relation.kind}")
    lines.append("Schema: root")
    lines += [
        f" |-- {column.name}: {column.type} (nullable = {str(column.nullable).lower()})"
        for column in relation.columns
    ]
    return "\n".join(lines) + "\n"
