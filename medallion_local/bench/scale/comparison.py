"""Row counts and checksums of the published tables, in a lakehouse and in a DuckDB database."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.synapse.check.readers import connect, scan

# Columns whose name begins with `_` tell when a build ran. JSON differs in the form of its times.
_NOT_COMPARED = ("_", "landed_row")
TABLES = {
    "silver": (
        *("dim_user", "dim_artist", "dim_track", "dim_date", "dim_device"),
        *("fct_streams", "fct_subscription_changes"),
    ),
    "gold": (
        *("mart_daily_listening", "mart_top_tracks_weekly", "mart_top_artists_weekly"),
        *("mart_user_engagement", "mart_user_retention", "mart_subscription_movements"),
        "mart_catalog_health",
    ),
    "quarantine": ("quarantined_plays",),
}

Columns = dict[str, dict[str, str]]
Contents = dict[str, "Content"]


@dataclass(frozen=True)
class Content:
    """The rows of a table, and the sum of a hash of each row."""

    rows: int
    checksum: int


def names() -> list[str]:
    """The names of the compared tables, with their schemas."""
    return [f"{schema}.{table}" for schema, tables in TABLES.items() for table in tables]


def columns_of(home: Home) -> Columns:
    """The compared columns of the published tables of a home, with their types in DuckDB."""
    with connect() as con:
        return {
            name: {
                column: "TIMESTAMP" if "TIMESTAMP" in kind else kind
                for column, kind, *_ in con.execute(
                    f"DESCRIBE FROM {scan(folder_of(home, name))}"
                ).fetchall()
                if not column.startswith(_NOT_COMPARED)
            }
            for name in names()
        }


def of_lakehouse(home: Home, columns: Columns) -> Contents:
    """The published tables of a home."""
    with connect() as con:
        return {name: _content(con, scan(folder_of(home, name)), columns[name]) for name in names()}


def of_database(file: Path, columns: Columns) -> Contents:
    """The published tables of a DuckDB database."""
    with duckdb.connect(file, read_only=True) as con:
        con.execute("SET timezone = 'UTC'")
        return {name: _content(con, name, columns[name]) for name in names()}


def folder_of(home: Home, name: str) -> Path:
    """The folder of a Delta table of a home. Raises `MedallionError` if there is none."""
    schema, _, table = name.partition(".")
    external = home.lake / schema / table
    if external.is_dir():
        return external
    for folder in (home.warehouse / "tables" / schema).glob(f"{table}-*"):
        return folder
    raise MedallionError(f"{home.root} has no table {name}: run `dbt build` first.")


def _content(con: duckdb.DuckDBPyConnection, relation: str, columns: dict[str, str]) -> Content:
    values = ", ".join(f'CAST("{name}" AS {kind})::VARCHAR' for name, kind in columns.items())
    [(rows, checksum)] = con.execute(
        f"SELECT count(*), coalesce(sum(hash({values})::HUGEINT), 0) FROM {relation}"
    ).fetchall()
    return Content(rows, int(checksum))
