"""`Validation`: waits until a dataset's file or folder exists.

Source: https://learn.microsoft.com/azure/data-factory/control-flow-validation-activity
"""

import time
from pathlib import Path
from typing import Any

from medallion.adf.language.errors import ActivityError, not_supported
from medallion.adf.language.scope import Scope, resolve
from medallion.adf.language.timespans import seconds
from medallion.adf.places import Place
from medallion_local.data_factory.connectors import lake
from medallion_local.data_factory.datasets import STORAGE, open_dataset
from medallion_local.data_factory.pipeline_run import Run

SLEEP_SECONDS = 10
TIMEOUT = "7.00:00:00"


def validation(run: Run, activity: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """Check again every `sleep` seconds until it exists as required, or `timeout` is over."""
    properties = resolve(activity["typeProperties"], scope, Place.SETTINGS)
    dataset = open_dataset(run.environment, properties["dataset"], scope)
    if dataset.service.type not in STORAGE:
        where = f"activity '{activity['name']}'"
        raise not_supported("Linked service type", dataset.service.type, where)
    path = lake.path_of(run.environment, dataset)
    limit = seconds(properties.get("timeout") or TIMEOUT)
    over = min(time.monotonic() + limit, scope.deadline)
    while not _is_there(path, properties):
        if time.monotonic() >= over:
            raise ActivityError(
                f"Validation '{activity['name']}' timed out after {limit:g} s: "
                f"{path} does not exist as required.",
                "ActivityTimeout",
            )
        run.pause(float(properties.get("sleep") or SLEEP_SECONDS), scope)
    kind = "Folder" if path.is_dir() else "File"
    return {"exists": True, "itemName": path.name, "itemType": kind}


def _is_there(path: Path, properties: dict[str, Any]) -> bool:
    """A file of at least `minimumSize` bytes; a folder with or without items as `childItems`."""
    if not path.is_dir():
        return path.is_file() and path.stat().st_size >= int(properties.get("minimumSize") or 0)
    wanted = properties.get("childItems")
    return wanted is None or any(path.iterdir()) == wanted
