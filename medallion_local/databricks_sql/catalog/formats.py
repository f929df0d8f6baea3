"""The formats of tables. The rows of all of them are stored as Delta.

A Parquet table therefore has Parquet files at its location, among which is a Delta log. What only
Delta tables have is refused for it.
"""

from medallion_local.databricks_sql.catalog import ICEBERG, Relation
from medallion_local.databricks_sql.language.errors import SqlError

PARQUET = "parquet"
FORMATS = ("delta", ICEBERG, PARQUET)


def require_delta(relation: Relation, operation: str) -> None:
    """Raise if the operation needs a Delta log that the table would not have on Databricks."""
    if relation.provider == PARQUET:
        raise SqlError(
            f"[DELTA_ONLY_OPERATION] {operation} is only supported for Delta tables: "
            f"{relation.full_name} is a Parquet table."
        )
