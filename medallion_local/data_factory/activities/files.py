"""`GetMetadata` and `Delete` on files of the lake."""

import base64
import datetime as dt
import fnmatch
import hashlib
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.timestamps import parse
from medallion.adf.places import Place
from medallion_local.data_factory.activities.properties import only
from medallion_local.data_factory.activities.texts import delimited_rows
from medallion_local.data_factory.connectors import azure_sql, lake
from medallion_local.data_factory.datasets import STORAGE, Dataset, open_dataset
from medallion_local.data_factory.environment import Environment

METADATA = {"dataset", "fieldList", "storeSettings", "formatSettings"}
DELETE = {"dataset", "storeSettings", "recursive", "maxConcurrentConnections", "logStorageSettings"}
STORE = {"type", "recursive", "maxConcurrentConnections", "enablePartitionDiscovery"}
FILTER = {"modifiedDatetimeStart", "modifiedDatetimeEnd"}
MISSING_PATH = "2011"
OF_FILES = ("size", "contentMD5", "structure", "columnCount")


def _opened(
    environment: Environment, activity: dict[str, Any], properties: dict[str, Any], scope: Scope
) -> tuple[Dataset, Path]:
    """The activity's dataset, which must be in the lake, and its path."""
    dataset = open_dataset(environment, properties["dataset"], scope)
    if dataset.service.type not in STORAGE:
        where = f"activity '{activity['name']}'"
        raise not_supported("Linked service type", dataset.service.type, where)
    return dataset, lake.path_of(environment, dataset)


def get_metadata(
    environment: Environment, activity: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """The fields of `fieldList`; a missing path is an error unless `exists` is requested.

    Source: https://learn.microsoft.com/azure/data-factory/control-flow-get-metadata-activity
    """
    where = f"activity '{activity['name']}'"
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    settings = properties.get("storeSettings", {})
    only(properties, METADATA, where)
    only(settings, STORE | FILTER, where)
    dataset, path = _opened(environment, activity, properties, scope)
    fields = properties.get("fieldList", [])
    if not path.exists():
        if "exists" in fields:
            return {"exists": False}
        raise ActivityError(f"The required path is missing: {path}.", MISSING_PATH)
    return {field: _field(dataset, path, field, settings, where) for field in fields}


def _field(dataset: Dataset, path: Path, field: str, settings: dict[str, Any], where: str) -> Any:
    if path.is_dir() == (field in OF_FILES) and (field in OF_FILES or field == "childItems"):
        kind = "folder" if path.is_dir() else "file"
        raise ActivityError(
            f"Metadata field '{field}' in {where} does not apply to a {kind}: {path}."
        )
    match field:
        case "exists":
            return True
        case "itemName":
            return path.name
        case "itemType":
            return _kind(path)
        case "size":
            return path.stat().st_size
        case "lastModified":
            return _modified(path).strftime("%Y-%m-%dT%H:%M:%SZ")
        case "contentMD5":
            with path.open("rb") as file:
                return base64.b64encode(hashlib.file_digest(file, "md5").digest()).decode()
        case "childItems":
            return _children(path, settings)
        case "structure":
            return _structure(dataset, path, where)
        case "columnCount":
            return len(_structure(dataset, path, where))
    raise not_supported("Metadata field", field, where)


def _kind(path: Path) -> str:
    return "Folder" if path.is_dir() else "File"


def _modified(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)


def _children(folder: Path, settings: dict[str, Any]) -> list[dict[str, str]]:
    """The items of a folder; with a filter by time only files."""
    shown = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    if any(settings.get(name) for name in FILTER):
        shown = list(_in_time((one for one in shown if one.is_file()), settings))
    return [{"name": one.name, "type": _kind(one)} for one in shown]


def _in_time(files: Iterable[Path], settings: dict[str, Any]) -> Iterable[Path]:
    """The files changed at or after `modifiedDatetimeStart`, and before `modifiedDatetimeEnd`."""
    start, end = (
        parse(name, settings[name]).datetime.replace(tzinfo=dt.UTC) if settings.get(name) else None
        for name in ("modifiedDatetimeStart", "modifiedDatetimeEnd")
    )
    for file in files:
        changed = _modified(file)
        if (start is None or changed >= start) and (end is None or changed < end):
            yield file


def _structure(dataset: Dataset, path: Path, where: str) -> list[dict[str, str]]:
    if dataset.type == "Parquet":
        fields = pq.read_schema(path)
        return [{"name": one.name, "type": azure_sql.type_name(one.type)} for one in fields]
    if dataset.type == "DelimitedText":
        columns = next(iter(delimited_rows(path, dataset.properties)), {})
        return [{"name": name, "type": "String"} for name in columns]
    raise not_supported("Metadata field 'structure' of a dataset", dataset.type, where)


def delete(environment: Environment, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Delete a file, or a folder's files, with everything in it when `recursive`.

    A missing file or folder is not an error.
    `wildcardFileName` and the times of `storeSettings` select among a folder's files.

    Source: https://learn.microsoft.com/azure/data-factory/delete-activity
    """
    where = f"activity '{activity['name']}'"
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    settings = properties.get("storeSettings", {})
    only(properties, DELETE, where)
    only(settings, STORE | FILTER | {"wildcardFileName"}, where)
    dataset, path = _opened(environment, activity, properties, scope)
    recursive = bool(settings.get("recursive", properties.get("recursive", False)))
    chosen = _chosen(path, settings, recursive)
    for file in chosen:
        file.unlink()
    pattern = settings.get("wildcardFileName")
    if path.is_dir() and recursive and not pattern and not any(map(settings.get, FILTER)):
        shutil.rmtree(path)
    return {
        "datasetName": dataset.name,
        "recursive": recursive,
        "isWildcardUsed": bool(pattern),
        "filesDeleted": len(chosen),
    }


def _chosen(path: Path, settings: dict[str, Any], recursive: bool) -> list[Path]:
    if not path.is_dir():
        return [path] if path.exists() else []
    within = path.rglob("*") if recursive else path.iterdir()
    pattern = str(settings.get("wildcardFileName") or "*")
    named = (one for one in within if one.is_file() and fnmatch.fnmatchcase(one.name, pattern))
    return list(_in_time(named, settings))
