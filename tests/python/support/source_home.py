"""A home with a small source database, for the tests of the ingestion."""

import csv
import datetime as dt
import tempfile
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.home import Home
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.azure_sql.load import init_from_csv

ROWS = {
    "DimUser": [
        "user_id,user_name,country,subscription_type,start_date,end_date,updated_at",
        "1,Ada,France,Free,2024-01-01,,2025-01-01 08:00:00",
        "2,Ben,Norway,Premium,2024-02-01,,2025-01-01 08:00:00",
        "3,,Chile,Family,2024-03-01,2024-12-31,2025-01-01 08:00:00",
    ],
    "DimArtist": [
        "artist_id,artist_name,genre,country,updated_at",
        "1,Lauren,Rock,Oman,2025-01-01 08:00:00",
    ],
    "DimTrack": [
        "track_id,track_name,artist_id,album_name,duration_sec,release_date,updated_at",
        "1,Song,1,Album,200,2020-01-01,2025-01-01 08:00:00",
    ],
    "DimDate": ["date_key,date,day,month,year,weekday", "20250101,2025-01-01,1,1,2025,Wednesday"],
    "FactStream": [
        "stream_id,user_id,track_id,date_key,listen_duration,device_type,stream_timestamp",
        "1,1,1,20250101,100,Mobile,2025-01-01 09:00:00",
        "2,2,1,20250101,150,Web,2025-01-01 10:00:00",
    ],
}


@cache
def database() -> bytes:
    """The database file of a source with `ROWS`. Change data capture begins on 2025-01-02."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for table, lines in ROWS.items():
            (folder / f"{table}.csv").write_text("\n".join(lines) + "\n")
        return init_from_csv(folder / "source.duckdb", folder).path.read_bytes()


def make(folder: Path) -> Home:
    """A home with only that source."""
    home = Home(folder / "home")
    home.root.mkdir()
    home.source_database.write_bytes(database())
    return home


def change(home: Home, tsql: str, day: str) -> None:
    """Commit T-SQL at noon of a day."""
    source = SourceDatabase.open(home.source_database)
    source.execute(tsql, dt.datetime.fromisoformat(f"{day}T12:00:00"))


def landed(home: Home, table: str) -> list[Path]:
    """The Parquet files of a table, in order of name."""
    return sorted((home.lake / "bronze" / "azure_sql" / f"dbo.{table}").glob("*"))


def rows(file: Path) -> list[dict]:
    """The rows of a Parquet file."""
    table: pa.Table = pq.read_table(file)
    return table.to_pylist()


def csv_rows(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))
