"""The formats of tables. The rows of all of them are stored as Delta.

A Parquet or CSV table therefore has Parquet files at its location, among which is a Delta log. What
only Delta tables have is refused for it.
"""

import pyarrow as pa

from medallion_local.databricks_sql.catalog import ICEBERG, Relation
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.types import type_name

# Tables of files: they need a location, and their rows have no history.
_FILES = {"parquet": "Parquet", "csv": "CSV", "json": "JSON", "orc": "ORC", "avro": "Avro"}
FORMATS = ("delta", ICEBERG, *_FILES)


def of_files(provider: str) -> str | None:
    """The format's name for messages, if a table of this provider is one of files."""
    return _FILES.get(provider)


def require_delta(relation: Relation, operation: str) -> None:
    """Raise if the operation needs a Delta log that the table would not have on Databricks."""
    shown = of_files(relation.provider)
    if shown is not None:
        raise SqlError(
            f"[DELTA_ONLY_OPERATION] {operation} is only supported for Delta tables: "
            f"{relation.full_name} is {'an' if shown[0] in 'OA' else 'a'} {shown} table."
        )


def require_plain_types(provider: str, schema: pa.Schema) -> None:
    """Raise for a column that a CSV file cannot have."""
    for field in schema if provider == "csv" else []:
        if pa.types.is_nested(field.type) or pa.types.is_binary(field.type):
            raise SqlError(
                "[UNSUPPORTED_DATA_TYPE_FOR_DATASOURCE] The CSV datasource doesn't support the "
                f'column `{field.name}` of the type "{type_name(field.type).upper()}".'
            )
