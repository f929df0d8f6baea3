"""`Copy`: from a query or a Parquet file to Parquet or JSON, and files unchanged.

Source: https://learn.microsoft.com/azure/data-factory/copy-activity-overview
"""

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.places import Place
from medallion.atomic import replacing
from medallion_local.data_factory.activities.columns import arranged
from medallion_local.data_factory.activities.lookup import SQL_SOURCE, query_of
from medallion_local.data_factory.activities.properties import only
from medallion_local.data_factory.activities.texts import present
from medallion_local.data_factory.connectors import azure_sql, http, lake
from medallion_local.data_factory.datasets import STORAGE, Dataset, open_dataset
from medallion_local.data_factory.environment import Environment

COPY = {"source", "sink", "parallelCopies", "dataIntegrationUnits", "validateDataConsistency"}
ROWS = COPY | {"translator"}
FILE_SIDE = {"type", "storeSettings", "formatSettings"}
HTTP_TIMEOUT_SECONDS = 100.0  # HttpReadSettings' own default


def copy_data(environment: Environment, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Copy from `inputs` to `outputs`; the target appears completely or not at all."""
    where = f"activity '{activity['name']}'"
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    source, sink = properties["source"], properties["sink"]
    origin = open_dataset(environment, activity["inputs"][0], scope)
    target = open_dataset(environment, activity["outputs"][0], scope)
    only(sink, FILE_SIDE, where)
    if target.service.type not in STORAGE:
        raise not_supported("Copy sink", f"{sink['type']} on {target.service.type}", where)
    path, begun = lake.path_of(environment, target), time.monotonic()
    if source["type"] == "BinarySource" and sink["type"] == "BinarySink":
        only(properties, COPY, where)
        only(source, FILE_SIDE, where)
        counts = _copy_file(environment, origin, path, where)
    elif source["type"] == "AzureSqlSource" and origin.service.type == "AzureSqlDatabase":
        only(properties, ROWS, where)
        only(source, SQL_SOURCE | {"additionalColumns"}, where)
        with azure_sql.query(environment, origin.service.name, query_of(origin, source)) as rows:
            reader = arranged(rows, source, properties.get("translator") or {}, where)
            counts = _copy_rows(reader, path, target, sink, where)
    elif (source["type"], origin.service.type, origin.type) == (
        "ParquetSource",
        "AzureBlobFS",
        "Parquet",
    ):
        only(properties, ROWS, where)
        only(source, FILE_SIDE | {"additionalColumns"}, where)
        with _parquet(present(lake.path_of(environment, origin))) as rows:
            reader = arranged(rows, source, properties.get("translator") or {}, where)
            counts = _copy_rows(reader, path, target, sink, where)
    else:
        raise not_supported("Copy source", f"{source['type']} on {origin.service.type}", where)
    elapsed = time.monotonic() - begun
    return {
        **counts,
        "copyDuration": round(elapsed),
        "throughput": round(counts["dataWritten"] / 1024 / max(elapsed, 0.001), 3),
        "errors": [],
        "effectiveIntegrationRuntime": "local",
        "usedParallelCopies": 1,
    }


@contextmanager
def _parquet(path: Path) -> Iterator[pa.RecordBatchReader]:
    """A file's rows, batch by batch. Raises `ActivityError` when it is damaged."""
    with _reporting(path):
        opened = pq.ParquetFile(path, page_checksum_verification=True)
    with opened as file:
        yield pa.RecordBatchReader.from_batches(file.schema_arrow, _batches(file, path))


def _batches(file: pq.ParquetFile, path: Path) -> Iterator[pa.RecordBatch]:
    with _reporting(path):
        yield from file.iter_batches()


@contextmanager
def _reporting(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        cause = str(error).splitlines()[0].rstrip(".")
        raise ActivityError(f"The Parquet file {path} cannot be read: {cause}.", "2200") from None


def _copy_file(environment: Environment, origin: Dataset, path: Path, where: str) -> dict[str, int]:
    with replacing(path) as temporary:
        if origin.service.type == "HttpServer":
            size = http.download(
                http.address_of(environment, origin), temporary, HTTP_TIMEOUT_SECONDS
            )
        elif origin.service.type in STORAGE:
            file = lake.path_of(environment, origin)
            if not file.is_file():
                raise ActivityError(f"The required file is missing: {file}.", "2011")
            shutil.copyfile(file, temporary)
            size = temporary.stat().st_size
        else:
            raise not_supported("Copy source", f"BinarySource on {origin.service.type}", where)
    return {"filesRead": 1, "filesWritten": 1, "dataRead": size, "dataWritten": size}


def _copy_rows(
    reader: pa.RecordBatchReader,
    path: Path,
    target: Dataset,
    sink: dict[str, Any],
    where: str,
) -> dict[str, int]:
    writers = {("ParquetSink", "Parquet"): _write_parquet, ("JsonSink", "Json"): _write_json}
    write = writers.get((sink["type"], target.type))
    if write is None:
        raise not_supported("Copy sink", f"{sink['type']} on dataset {target.type}", where)
    with replacing(path) as temporary:
        rows, read = write(reader, temporary, {**target.properties, **sink})
        written = temporary.stat().st_size
    return {
        "rowsRead": rows,
        "rowsCopied": rows,
        "dataRead": read,
        "dataWritten": written,
        "filesWritten": 1,
    }


def _write_parquet(
    reader: pa.RecordBatchReader, file: Path, settings: dict[str, Any]
) -> tuple[int, int]:
    """Write batch by batch, so that memory holds at most one row group."""
    rows = read = 0
    codec = settings.get("compressionCodec", "snappy")
    # Omit Arrow's own schema from the footer: it takes a kilobyte, and Data Factory omits it too.
    # Readers verify the checksums: a changed byte of an uncompressed value looks like a value.
    with pq.ParquetWriter(
        file, reader.schema, compression=codec, store_schema=False, write_page_checksum=True
    ) as writer:
        for batch in reader:
            if batch.num_rows:
                writer.write_batch(batch)
            rows += batch.num_rows
            read += batch.nbytes
    return rows, read


def _write_json(
    reader: pa.RecordBatchReader, file: Path, settings: dict[str, Any]
) -> tuple[int, int]:
    """Write one object per line (`setOfObjects`), or one array (`arrayOfObjects`)."""
    pattern = settings.get("formatSettings", {}).get("filePattern", "setOfObjects")
    as_array = pattern == "arrayOfObjects"
    rows = read = 0
    with file.open("w", encoding="utf-8") as out:
        out.write("[" if as_array else "")
        for batch in reader:
            read += batch.nbytes
            for row in azure_sql.json_rows(batch):
                out.write("," if as_array and rows else "")
                out.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
                out.write("" if as_array else "\n")
                rows += 1
        out.write("]" if as_array else "")
    return rows, read
