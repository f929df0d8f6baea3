"""Detects the clone of the project that the current folder belongs to, if any."""

import os
from pathlib import Path

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, same_folder

_MARKS = ("dbt_project.yml", "dbt_medallion.py", "medallion/home.py")


def is_clone(folder: Path) -> bool:
    """Whether a folder is a clone of this project."""
    return all((folder / mark).is_file() for mark in _MARKS)


def require_own(folder: Path) -> None:
    """Raise `MedallionError` when `folder` is in another clone than this program.

    The program would read and write the data of its own clone and ignore the other clone's files.
    MEDALLION_HOME names the data explicitly, so no error is raised when it is set.
    """
    if os.environ.get("MEDALLION_HOME"):
        return
    for clone in (folder, *folder.parents):
        if is_clone(clone):
            if not same_folder(clone, PROJECT_ROOT):
                raise MedallionError(
                    f"{clone} is another clone: this program belongs to {PROJECT_ROOT}: "
                    f"run `make demo` in {clone} and use the programs in its .venv/bin (remove a "
                    ".venv that an earlier version copied first)"
                )
            return
