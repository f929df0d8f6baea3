"""A warehouse with a landing folder, and streaming tables over it, for the tests of streaming."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import process
from support.warehouse_sql import Started, close_all


def streaming_warehouse(home: Home) -> Iterator[Started]:
    """A running warehouse with the schema `s`. It is stopped afterwards."""
    started = Started(home)
    started.run("create schema s")
    yield started
    close_all()
    process.stop(home)


@dataclass(frozen=True)
class Landing:
    """A folder of the lake, with the name that statements use."""

    folder: Path
    url: str

    @staticmethod
    def of(home: Home, name: str) -> "Landing":
        folder = home.lake / "bronze" / name
        folder.mkdir(parents=True, exist_ok=True)
        return Landing(folder, f"abfss://bronze@account.dfs.core.windows.net/{name}")

    def land(self, file: str, **columns) -> Path:
        """Write a Parquet file of these columns, renamed when complete, as Data Factory does."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        staged = path.with_suffix(".tmp")
        pq.write_table(pa.table(columns), staged)
        return staged.replace(path)

    def stream(self, schema: str, *, overwrites: bool = True) -> str:
        """`STREAM read_files(…)` over the folder."""
        return (
            f"STREAM read_files('{self.url}', format => 'parquet', "
            f"allowOverwrites => {str(overwrites).lower()}, schema => '{schema}')"
        )
