"""Measures bytes, CPU time and activity runs in a local lakehouse with a first load and a day."""

import json
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.bench.scale.comparison import folder_of
from medallion_local.synapse.check.readers import connect, scan

# A dictionary of a Parquet column holds at most a megabyte. The keys of 20,000 users fit into it,
# those of millions do not: each row then holds the whole text, which hardly repeats in a file.
HASHES = ("user_key", "track_key")
MERGED_ON = ("stream_id", "date_key")
REPEATED = 10


def measure(home: Home, scratch: Path) -> dict[str, float]:
    """Measure a lakehouse; `scratch` is a folder for two temporary files."""
    _, *later = sorted((home.lake / "bronze/azure_sql/dbo.FactStream").glob("0x*.parquet"))
    if not later:
        raise MedallionError(
            "The lakehouse has only its first load: simulate, ingest and build a day, then measure."
        )
    bronze = folder_of(home, "bronze.azure_sql__fact_stream")
    fact = folder_of(home, "silver.fct_streams")
    # Every row gets other keys, so that nothing repeats: the upper bound.
    distinct = ", ".join(f"md5(stream_id || '{key}') as {key}" for key in HASHES)
    facts = connect().sql(f"select * replace ({distinct}) from {scan(fact)}").fetch_arrow_table()
    plain = [name for name in facts.column_names if name not in HASHES]
    snappy, zstd = scratch / "snappy.parquet", scratch / "zstd.parquet"
    pq.write_table(facts, snappy, use_dictionary=plain, compression="snappy")
    pq.write_table(facts, zstd, use_dictionary=plain, compression="zstd")
    return {
        "landed_day_bytes": _per_row(later),
        "bronze_bytes": _per_row(sorted(bronze.glob("*.parquet"))),
        "fact_bytes_few_keys": _per_row(_live(fact)),
        "fact_bytes": _per_row([snappy]),
        "fact_bytes_zstd": _per_row([zstd]),
        "user_bytes": _per_row(_live(folder_of(home, "silver.dim_user"))),
        "action_bytes": _action_bytes(fact),
        "copy_seconds": _core_seconds(lambda: _copied(snappy, plain), facts),
        "scan_seconds": _core_seconds(lambda: _read(snappy, MERGED_ON), facts),
        "day_activities": _activity_runs(home),
    }


def _per_row(files: list[Path]) -> float:
    """Bytes of the files per row in them."""
    rows = sum(pq.ParquetFile(file).metadata.num_rows for file in files)
    return round(sum(file.stat().st_size for file in files) / rows, 1)


def _live(table: Path) -> list[Path]:
    """The files of the newest version of a Delta table."""
    return [Path(uri) for uri in DeltaTable(str(table)).file_uris()]


def _action_bytes(table: Path) -> float:
    """Bytes of an action that adds a file, with the file's statistics."""
    logs = sorted((table / "_delta_log").glob("*.json"))
    lines = [line for log in logs for line in log.read_text(encoding="utf-8").splitlines()]
    sizes = [len(line) for line in lines if "add" in json.loads(line)]
    return round(sum(sizes) / len(sizes))


def _read(file: Path, columns: tuple[str, ...] | None = None) -> pa.Table:
    return pq.ParquetFile(file).read(columns, use_threads=False)


def _copied(file: Path, dictionaries: list[str]) -> None:
    copy = file.with_name("copy.parquet")
    pq.write_table(_read(file), copy, use_dictionary=dictionaries, compression="snappy")
    copy.unlink()


def _core_seconds(work: Callable[[], object], rows: pa.Table) -> float:
    """CPU seconds per row; other processes hardly change the CPU time of this one."""
    begin = time.process_time()
    for _ in range(REPEATED):
        work()
    return float(f"{(time.process_time() - begin) / REPEATED / rows.num_rows:.2g}")


def _activity_runs(home: Home) -> int:
    """The activity runs of the newest `pl_ingest`, with those of all pipelines that it ran."""
    files = (home.factory / "runs").glob("*.json")
    runs: dict[str, dict[str, Any]] = {
        run["run_id"]: run for run in (json.loads(file.read_text("utf-8")) for file in files)
    }
    counts: Counter[str] = Counter()
    for name, run in runs.items():
        root = name
        while runs[root]["invoked_by"] in runs:
            root = runs[root]["invoked_by"]
        counts[root] += len(run["activities"])
    return counts[max(counts, key=lambda name: runs[name]["started_at"])]
