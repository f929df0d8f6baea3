"""CREATE and ALTER of metric views, whose definition is YAML between two `$$`.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-ddl-create-view.html
"""

import re
from dataclasses import replace

from medallion_local.databricks_sql.catalog import METRIC, Column, Relation
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.definitions import definition, keeps_view, relation_of
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.queries.measures import measures_of
from medallion_local.databricks_sql.session import of_query
from medallion_local.databricks_sql.statements.tables import created
from medallion_local.databricks_sql.types import type_name

_VIEW = re.compile(r"\bVIEW\b", re.IGNORECASE)
_METRICS = re.compile(r"\bWITH\s+METRICS\b|\bLANGUAGE\s+YAML\b", re.IGNORECASE)


def is_definition(head: str) -> bool:
    """Whether the text before a body between `$$` defines a metric view."""
    reader = Reader(head)
    return (reader.sees("CREATE") or reader.sees("ALTER")) and _VIEW.search(head) is not None


def define(context: Context, sql: str, head: str, body: str) -> Result:
    """CREATE [OR REPLACE] VIEW … WITH METRICS LANGUAGE YAML AS $$…$$; ALTER VIEW … AS $$…$$.

    `head` and `body` are the parts of `sql`.
    """
    text = body.strip()
    reader = Reader(head)
    if reader.take("ALTER", "VIEW"):
        relation = context.relation(reader.name())
        reader.finish()
        if relation.kind != METRIC:
            raise SqlError(
                f"[METRIC_VIEW_UNSUPPORTED_USAGE] {relation.full_name} is not a metric view."
            )
        context.catalog.put(_with_columns(context, replace(relation, query=text)))
        return done()
    if len(_METRICS.findall(head)) != 2:
        raise unsupported(sql)
    plain = f"{_METRICS.sub(' ', head)} AS SELECT 1"
    tree, key = created(context, plain, sql)
    before = context.catalog.find(key)
    if keeps_view(before, tree):
        return done()
    clauses = definition(tree, sql, context.session)
    relation = relation_of(context.session, key, METRIC, clauses, before, text)
    context.catalog.put(_with_columns(context, relation))
    return done()


def _with_columns(context: Context, relation: Relation) -> Relation:
    """The view with its dimensions and measures as columns, whose comments it keeps."""
    view = measures_of(relation.full_name, relation.query)
    owner = replace(context, session=of_query(relation))
    source = owner.columns(parse(view.source_query)).names
    schema = owner.columns(parse(view.described(source)))
    comments = {column.name.lower(): column.comment for column in relation.columns}
    columns = [
        Column(field.name, type_name(field.type), True, comments.get(field.name.lower()))
        for field in schema
    ]
    return replace(relation, columns=columns)
