"""Which clone of the project a command is for: the one that it is started in, or none."""

import os
from pathlib import Path

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT, same_folder

_MARKS = ("dbt_project.yml", "dbt_medallion.py", "medallion/home.py")


def require_own(folder: Path) -> None:
    """Raise `MedallionError` when `folder` is in another clone than this program.

    The program would read and write its own clone's data, whatever the other one's files say;
    unless MEDALLION_HOME says whose data is meant.
    """
    if os.environ.get("MEDALLION_HOME"):
        return
    for clone in (folder, *folder.parents):
        if all((clone / mark).is_file() for mark in _MARKS):
            if not same_folder(clone, PROJECT_ROOT):
                raise MedallionError(
                    f"{clone} is a clone of its own, but this program belongs to {PROJECT_ROOT}: "
                    f"run `make demo` in {clone}, and use what is in its .venv/bin (remove a .venv "
                    "that was copied by an earlier version first)"
                )
            return
