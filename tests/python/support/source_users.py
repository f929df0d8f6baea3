"""A small source database for tests: five users, then change data capture is enabled."""

import tempfile
from datetime import datetime
from functools import cache
from pathlib import Path

import duckdb

from medallion_local.azure_sql import database
from medallion_local.azure_sql.database import SourceDatabase

BEGIN = datetime(2025, 1, 2)


def five_users(folder: Path) -> SourceDatabase:
    """A copy of the database, in a folder. To copy it is far faster than to run its scripts."""
    path = folder / "source.duckdb"
    path.write_bytes(_made())
    return SourceDatabase.open(path)


@cache
def _made() -> bytes:
    def load(con: duckdb.DuckDBPyConnection) -> datetime:
        con.execute(
            "INSERT INTO dbo.DimUser SELECT i, 'u' || i, 'DE', 'Free', DATE '2024-01-01', NULL, "
            "TIMESTAMP '2025-01-01' FROM range(1, 6) r(i)"
        )
        return BEGIN

    with tempfile.TemporaryDirectory() as name:
        return database.create(Path(name) / "source.duckdb", load).path.read_bytes()


def rows(source: SourceDatabase, query: str) -> list[dict[str, object]]:
    return source.query(query).read_all().to_pylist()


def scalar(source: SourceDatabase, expression: str) -> object:
    return rows(source, f"SELECT {expression} AS value")[0]["value"]


def lsn(source: SourceDatabase, expression: str = "sys.fn_cdc_get_max_lsn()") -> str:
    """An LSN as T-SQL writes it."""
    return str(scalar(source, f"CONVERT(varchar(22), {expression}, 1)"))


def enable(source: SourceDatabase, instance: str, **more: str) -> None:
    """Enable a further capture instance of dbo.DimUser."""
    given = "".join(f", @{name} = {value}" for name, value in more.items())
    source.execute(
        "EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'DimUser', "
        f"@capture_instance = N'{instance}', @role_name = NULL{given}"
    )
