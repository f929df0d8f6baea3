"""Allows one run at a time across processes."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medallion.errors import MedallionError


@contextmanager
def single_run(file: Path, what: str) -> Iterator[None]:
    """Hold the lock while the block runs; the system releases it when the process dies.

    Raises `MedallionError` when another process runs `what`, such as "ingestion".
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held.seek(0)
            raise MedallionError(
                f"Another {what} is running here (process {held.read().strip() or 'unknown'}); "
                "wait until it ends, then run the command again."
            ) from None
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield
