"""Start the engine of that name."""

from pathlib import Path

from medallion_local.databricks_sql.engine import Engine
from medallion_local.databricks_sql.engine_name import EngineName


def open_engine(name: EngineName, folder: Path) -> Engine:
    """Start an engine. `folder` is for its own files, for example its log."""
    if name == "spark":
        from medallion_local.databricks_sql.spark.engine import SparkEngine

        return SparkEngine(folder)
    from medallion_local.databricks_sql.sail.engine import SailEngine

    return SailEngine()
