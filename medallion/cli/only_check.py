"""The option `--check` of the commands that make files, and what they do with it."""

from typing import Annotated

import typer

from medallion.console import out
from medallion.made_files import MadeFiles

OnlyCheck = Annotated[
    bool, typer.Option("--check", help="Write nothing; fail when a file is out of date.")
]


def write_or_check(files: MadeFiles, only_check: bool) -> None:
    """Write the files and say so, or raise `MedallionError` if one is out of date."""
    if only_check:
        files.require_current()
        return
    files.write()
    out.print(f"wrote {len(files.texts)} files to {files.folder}", markup=False, soft_wrap=True)
