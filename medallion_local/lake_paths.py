"""Paths below the lake: a container, and a blob's name in it, by Azure's rules.

A path is resolved, so neither `..` nor a symbolic link leads out of the container. ADLS has no
links; a link to another place of the lake is followed.
Source: https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path

_CONTAINER = re.compile(r"(?=.{3,63}\Z)[a-z0-9]+(-[a-z0-9]+)*")
_LONGEST_NAME = 1024  # characters of a blob's name
_LONGEST_PART = 255  # bytes of a file's name on common file systems


class LakePathError(ValueError):
    """A path that is not in the lake, in one sentence."""


def path_in(lake: Path, container: str, name: str = "") -> Path:
    """The local path of a blob or folder; of the container without a name.

    Raises `LakePathError` if it breaks Azure's rules or leads out of the container.
    """
    if not _CONTAINER.fullmatch(container):
        raise LakePathError(
            f"{container!r} is not the name of a container, which has 3 to 63 lowercase letters, "
            "digits and single hyphens"
        )
    parts = [part for part in name.split("/") if part]
    if any(part in (".", "..") or "\0" in part for part in parts):
        raise LakePathError(f"{name!r} contains '.', '..' or a NUL character")
    if len(name) > _LONGEST_NAME or any(len(os.fsencode(one)) > _LONGEST_PART for one in parts):
        raise LakePathError(
            f"{name[:40]!r}… is too long: a path has {_LONGEST_NAME} characters at most, and a "
            f"name in it {_LONGEST_PART} bytes"
        )
    path = lake.joinpath(container, *parts)
    require_inside(path, Path(os.path.realpath(lake), container))
    return path


def require_inside(path: Path, *roots: Path) -> None:
    """Raise `LakePathError` if links lead from a path to a place that is below none of the roots.

    No root is below a link.
    """
    real = Path(os.path.realpath(path))
    if not any(real.is_relative_to(root) for root in roots):
        raise LakePathError(f"{path} is outside the lake")
    if real.is_symlink():
        raise LakePathError(f"{path} is a loop of symbolic links")


def links_below(folder: Path) -> Iterator[Path]:
    """The symbolic links in a folder and its subfolders."""
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = Path(parent) / name
            if path.is_symlink():
                yield path
