"""`Lookup`: the first row, or up to 5000 rows, of a query or a JSON file.

Source: https://learn.microsoft.com/azure/data-factory/control-flow-lookup-activity
"""

import json
from pathlib import Path
from typing import Any

from medallion.local.factory.activities.properties import only
from medallion.local.factory.connectors import azure_sql, lake
from medallion.local.factory.datasets import Dataset, open_dataset
from medallion.local.factory.environment import Environment
from medallion.local.factory.errors import ActivityError, not_supported
from medallion.local.factory.scope import Scope, resolve

MOST_ROWS = 5000
SQL_SOURCE = {"type", "sqlReaderQuery", "queryTimeout", "partitionOption", "isolationLevel"}
JSON_SOURCE = {"type", "storeSettings", "formatSettings"}


def lookup(environment: Environment, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """The output with `firstRow`, or with `count` and `value`."""
    properties = resolve(activity["typeProperties"], scope)
    dataset = open_dataset(environment, properties["dataset"], scope)
    rows = _rows(environment, dataset, properties["source"], f"activity '{activity['name']}'")
    if properties.get("firstRowOnly", True):
        return {"firstRow": rows[0]} if rows else {}
    return {"count": len(rows), "value": rows}


def _rows(
    environment: Environment, dataset: Dataset, source: dict[str, Any], where: str
) -> list[dict[str, Any]]:
    kind = source["type"]
    if kind == "AzureSqlSource" and dataset.service.type == "AzureSqlDatabase":
        only(source, SQL_SOURCE, where)
        return _queried(environment, query_of(dataset, source))
    if kind == "JsonSource" and dataset.service.type == "AzureBlobFS":
        only(source, JSON_SOURCE, where)
        return _documents(lake.path_of(environment, dataset))
    raise not_supported("Lookup source", f"{kind} on {dataset.service.type}", where)


def query_of(dataset: Dataset, source: dict[str, Any]) -> str:
    """The T-SQL of a source: its query, else all of the dataset's table."""
    if source.get("sqlReaderQuery"):
        return str(source["sqlReaderQuery"])
    if "table" not in dataset.properties:
        raise ActivityError(f"Dataset '{dataset.name}' names no table, so a query is needed.")
    schema = dataset.properties.get("schema", "dbo")
    return f"SELECT * FROM [{schema}].[{dataset.properties['table']}]"


def _queried(environment: Environment, tsql: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    with azure_sql.query(environment, tsql) as reader:
        for batch in reader:
            rows += azure_sql.json_rows(batch)
            if len(rows) >= MOST_ROWS:
                break
    return rows[:MOST_ROWS]


def _documents(file: Path) -> list[dict[str, Any]]:
    """The objects of a JSON file: one object, one array, or one object per line."""
    if not file.is_file():
        raise ActivityError(f"The required file is missing: {file}.", "2011")
    text = file.read_text(encoding="utf-8")
    decoder, position, found = json.JSONDecoder(), 0, []
    try:
        while position < len(text.rstrip()):
            skipped = len(text[position:]) - len(text[position:].lstrip())
            document, position = decoder.raw_decode(text, position + skipped)
            found += document if isinstance(document, list) else [document]
    except ValueError:
        raise ActivityError(f"{file} is not JSON; restore or remove it.", "2200") from None
    return found
