"""`Lookup`: the first row, or up to 5000 rows, of a query or a file of the lake.

Source: https://learn.microsoft.com/azure/data-factory/control-flow-lookup-activity
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import pyarrow.parquet as pq

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.values import to_json
from medallion.adf.places import Place
from medallion_local.data_factory.activities.properties import only
from medallion_local.data_factory.activities.texts import delimited_rows, documents, present
from medallion_local.data_factory.connectors import azure_sql, lake
from medallion_local.data_factory.datasets import STORAGE, Dataset, open_dataset
from medallion_local.data_factory.environment import Environment

MOST_ROWS = 5000
MOST_BYTES = 4 * 1024 * 1024
TOO_LARGE = "2100"
SQL_SOURCE = {"type", "sqlReaderQuery", "queryTimeout", "partitionOption", "isolationLevel"}
FILE_SOURCE = {"type", "storeSettings", "formatSettings"}


def lookup(environment: Environment, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """The output with `firstRow`, which is absent without rows, or with `count` and `value`."""
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    dataset = open_dataset(environment, properties["dataset"], scope)
    rows = _rows(environment, dataset, properties["source"], f"activity '{activity['name']}'")
    if properties.get("firstRowOnly", True):
        first = list(islice(rows, 1))
        return _checked({"firstRow": first[0]} if first else {})
    found = list(islice(rows, MOST_ROWS))
    return _checked({"count": len(found), "value": found})


def _checked(output: dict[str, Any]) -> dict[str, Any]:
    size = len(to_json(output).encode(errors="replace"))
    if size > MOST_BYTES:
        raise ActivityError(
            f"The size {size} of lookup activity result exceeds the limitation {MOST_BYTES}.",
            TOO_LARGE,
        )
    return output


def _rows(
    environment: Environment, dataset: Dataset, source: dict[str, Any], where: str
) -> Iterator[dict[str, Any]]:
    on = "storage" if dataset.service.type in STORAGE else dataset.service.type
    match source["type"], on, dataset.type:
        case "AzureSqlSource", "AzureSqlDatabase", _:
            only(source, SQL_SOURCE, where)
            return _queried(environment, dataset.service.name, query_of(dataset, source))
        case "JsonSource", "storage", "Json":
            only(source, FILE_SOURCE, where)
            return documents(lake.path_of(environment, dataset))
        case "DelimitedTextSource", "storage", "DelimitedText":
            only(source, FILE_SOURCE, where)
            return delimited_rows(lake.path_of(environment, dataset), dataset.properties)
        case "ParquetSource", "storage", "Parquet":
            only(source, FILE_SOURCE, where)
            batches = pq.ParquetFile(present(lake.path_of(environment, dataset))).iter_batches()
            return (row for batch in batches for row in azure_sql.json_rows(batch))
    what = f"{source['type']} on {dataset.service.type}"
    raise not_supported("Lookup source", what, where)


def query_of(dataset: Dataset, source: dict[str, Any]) -> str:
    """The T-SQL of a source: its query, or all rows of the dataset's table."""
    if source.get("sqlReaderQuery"):
        return str(source["sqlReaderQuery"])
    if "table" not in dataset.properties:
        raise ActivityError(f"Dataset '{dataset.name}' has no table; add a query or a table.")
    schema = dataset.properties.get("schema", "dbo")
    return f"SELECT * FROM [{schema}].[{dataset.properties['table']}]"


def _queried(environment: Environment, service: str, tsql: str) -> Iterator[dict[str, Any]]:
    with azure_sql.query(environment, service, tsql) as reader:
        for batch in reader:
            yield from azure_sql.json_rows(batch)
