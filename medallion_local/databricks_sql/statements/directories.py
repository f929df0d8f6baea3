"""INSERT OVERWRITE DIRECTORY: a query's rows as plain Parquet files in a folder of the lake.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-dml-insert-overwrite-directory
"""

import shutil
from pathlib import Path

import pyarrow.parquet as pq

from medallion_local.databricks_sql.context import Context, affected
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.language.errors import unsupported
from medallion_local.databricks_sql.language.reader import Reader

FILE = "part-00000.snappy.parquet"


def insert_overwrite(context: Context, sql: str) -> Result:
    """Write the rows to a new folder, and replace the folder when all rows are written.

    A query without rows writes one empty file. The folder is renamed as a whole; Databricks
    commits file by file and writes a marker at the end. Times are UTC microseconds; Spark's
    default is INT96.
    """
    reader = Reader(sql)
    reader.expect("INSERT", "OVERWRITE", "DIRECTORY")
    folder = Path(context.storage.lake_folder(reader.string()))
    reader.expect("USING")
    if reader.identifier().upper() != "PARQUET" or reader.sees("OPTIONS"):
        raise unsupported(sql)
    result = context.query(parse(reader.rest()))
    scratch = context.storage.scratch()
    rows = 0
    try:
        with pq.ParquetWriter(
            scratch / FILE, result.schema, compression="snappy", write_page_checksum=True
        ) as writer:
            for batch in result.batches:
                rows += batch.num_rows
                writer.write_batch(batch)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with context.storage.lock(str(folder)):
            shutil.rmtree(folder, ignore_errors=True)
            scratch.rename(folder)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return affected(rows)
