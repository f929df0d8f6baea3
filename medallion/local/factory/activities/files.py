"""`GetMetadata` and `Delete` on files of the lake."""

import datetime as dt
import shutil
from pathlib import Path
from typing import Any

from medallion.local.factory.connectors import lake
from medallion.local.factory.datasets import open_dataset
from medallion.local.factory.environment import Environment
from medallion.local.factory.errors import ActivityError, not_supported
from medallion.local.factory.scope import Scope, resolve


def _path(
    environment: Environment, activity: dict[str, Any], properties: dict[str, Any], scope: Scope
) -> Path:
    dataset = open_dataset(environment, properties["dataset"], scope)
    if dataset.service.type != "AzureBlobFS":
        where = f"activity '{activity['name']}'"
        raise not_supported("Linked service type", dataset.service.type, where)
    return lake.path_of(environment, dataset)


def get_metadata(
    environment: Environment, activity: dict[str, Any], scope: Scope
) -> dict[str, Any]:
    """The fields of `fieldList`; a path that does not exist is an error unless `exists` is asked.

    Source: https://learn.microsoft.com/azure/data-factory/control-flow-get-metadata-activity
    """
    properties = resolve(activity["typeProperties"], scope)
    path = _path(environment, activity, properties, scope)
    fields = properties.get("fieldList", [])
    if not path.exists():
        if "exists" in fields:
            return {"exists": False}
        raise ActivityError(f"The required path is missing: {path}.", "2011")
    return {field: _field(path, field, activity["name"]) for field in fields}


def _field(path: Path, field: str, activity: str) -> Any:
    match field:
        case "exists":
            return True
        case "itemName":
            return path.name
        case "itemType":
            return "Folder" if path.is_dir() else "File"
        case "size":
            return path.stat().st_size
        case "lastModified":
            changed = dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)
            return changed.strftime("%Y-%m-%dT%H:%M:%SZ")
        case "childItems":
            children = sorted(one for one in path.iterdir() if not one.name.startswith("."))
            return [{"name": c.name, "type": "Folder" if c.is_dir() else "File"} for c in children]
    raise not_supported("Metadata field", field, f"activity '{activity}'")


def delete(environment: Environment, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Delete a file, or a folder with all in it when `recursive`; nothing there is no error."""
    properties = resolve(activity["typeProperties"], scope)
    path = _path(environment, activity, properties, scope)
    recursive = bool(properties.get("storeSettings", {}).get("recursive", False))
    if path.is_dir() and recursive:
        count = sum(1 for one in path.rglob("*") if one.is_file())
        shutil.rmtree(path)
    elif path.is_dir():
        files = [one for one in path.iterdir() if one.is_file()]
        count = len(files)
        for one in files:
            one.unlink()
    else:
        count = int(path.exists())
        path.unlink(missing_ok=True)
    return {"filesDeleted": count}
