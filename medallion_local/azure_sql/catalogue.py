"""The catalogue of the source database, read by the script that runs on Azure SQL."""

from pathlib import Path

from medallion.errors import MedallionError
from medallion_local.azure_sql.database import SCRIPTS, SourceDatabase

SCRIPT = SCRIPTS / "catalogue.sql"


def read(path: Path) -> str:
    """The script's JSON. Raises `MedallionError` if the database has no change data capture."""
    source = SourceDatabase.open(path)
    (enabled,) = source.query("SELECT is_cdc_enabled FROM sys.databases").read_all().to_pylist()
    if not enabled["is_cdc_enabled"]:
        raise MedallionError(
            "The source database has no change data capture: run "
            "sql/azure_sql/02_enable_cdc_database.sql in it."
        )
    with source.query(SCRIPT.read_text(encoding="utf-8")) as reader:
        return "".join(row for batch in reader for row in batch.column(0).to_pylist())
