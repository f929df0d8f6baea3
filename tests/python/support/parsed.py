"""One parse of the project for all homes of a test run: dbt needs seconds for it in a new home."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FILE = "partial_parse.msgpack"
SHARED = "MEDALLION_TESTS_PARSED"  # names the shared file


@contextmanager
def shared(command: list[str], target: Path) -> Iterator[None]:
    """Begin a `dbt` command in a new target folder with the kept parse; keep the first one.

    dbt checks whether the parse still holds. It does not for other variables or another target.
    """
    program, own, kept = Path(command[0]).name, target / FILE, os.environ.get(SHARED)
    if program != "dbt" or not kept:
        yield
        return
    if Path(kept).exists() and not own.exists():
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(kept, own)
    yield
    if own.exists() and not Path(kept).exists() and not {"--vars", "--target"} & {*command}:
        staged = Path(f"{kept}.{os.getpid()}")
        shutil.copy(own, staged)
        staged.replace(kept)
