"""Storage: an account is the folder `lake/`, or another one; each container is a folder in it."""

from pathlib import Path
from typing import Any

from medallion.adf.language.errors import ActivityError, not_supported
from medallion_local.data_factory.datasets import Dataset
from medallion_local.data_factory.environment import Environment
from medallion_local.lake_paths import LakePathError, path_in

CONTAINERS = {"AzureBlobFSLocation": "fileSystem", "AzureBlobStorageLocation": "container"}


def path_of(environment: Environment, dataset: Dataset) -> Path:
    """The local path of a dataset's file or folder. Raises when it lies outside the lake."""
    location = dataset.location
    if location["type"] not in CONTAINERS:
        raise not_supported("Location type", location["type"], f"dataset '{dataset.name}'")
    return _inside(environment.storage(dataset.service.name), dataset.name, location)


def _inside(lake: Path, dataset: str, location: dict[str, Any]) -> Path:
    container = CONTAINERS[location["type"]]
    keys = (container, "folderPath", "fileName")
    parts = [part for key in keys for part in str(location.get(key) or "").split("/") if part]
    if not location.get(container) or any(part in (".", "..") for part in parts):
        raise ActivityError(
            f"Dataset '{dataset}' has the path '{'/'.join(parts)}'; "
            f"it needs a {container}, and no '.' or '..'."
        )
    if any("*" in part or "?" in part for part in parts):
        raise not_supported("Wildcard path", "/".join(parts), f"dataset '{dataset}'")
    try:
        return path_in(lake, parts[0], "/".join(parts[1:]))
    except LakePathError as error:
        raise ActivityError(f"Dataset '{dataset}' is not in the lake: {error}.") from None
