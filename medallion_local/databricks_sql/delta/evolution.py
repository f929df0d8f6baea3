"""WITH SCHEMA EVOLUTION: a write adds the columns that its source has and the table lacks.

Source: https://docs.databricks.com/delta/update-schema.html
"""

import pyarrow as pa

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Column, Relation
from medallion_local.databricks_sql.catalog.delta_column_names import check_column_names
from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.types import type_name

_CLAUSE = ("WITH", "SCHEMA", "EVOLUTION")


def without_clause(sql: str) -> tuple[str, bool]:
    """The INSERT or MERGE without its WITH SCHEMA EVOLUTION, and whether it had one."""
    reader = Reader(sql)
    reader.identifier()
    start = reader.position
    if not reader.take(*_CLAUSE):
        return sql, False
    return sql[:start] + sql[reader.position :], True


def add_columns(context: Context, relation: Relation, found: pa.Schema) -> Relation:
    """Add these columns to the table, at its end. Returns the relation as it is then."""
    known = {column.name.lower() for column in relation.columns}
    fields = [field for field in found if field.name.lower() not in known]
    if not fields:
        return relation
    check_column_names(fields, relation.properties)
    columns = relation.columns + [Column(f.name, type_name(f.type)) for f in fields]
    storage.widen(relation.location, columns, pa.schema(fields))
    return context.catalog.change(relation.key, columns=columns)
