"""File modes: what the commands write is for their user only, apart from what they publish.

The home holds personal data and tokens: the lake, the source database, logs, keys.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from medallion.home import Home

_UMASK = 0o077
_HELD = (
    *("lake", "lake.lock", "warehouse", "github", "factory", "logs", "synapse", "vault", "repair"),
    *("target", "profiles.yml", "source.duckdb", "source.duckdb.wal"),
)
_before: int | None = None


def keep_private() -> None:
    """Let new files and folders of this process be for its user only."""
    global _before
    before = os.umask(_UMASK)
    if _before is None:
        _before = before


@contextmanager
def private() -> Iterator[None]:
    """As `keep_private`, while the block runs."""
    before = os.umask(_UMASK)
    try:
        yield
    finally:
        os.umask(before)


@contextmanager
def as_before() -> Iterator[None]:
    """The user's own mask while the block runs: it writes what others shall read."""
    if _before is None:
        yield
        return
    os.umask(_before)
    try:
        yield
    finally:
        os.umask(_UMASK)


def tighten(home: Home) -> None:
    """Take the modes for others from what an earlier version wrote to a home.

    Only its own files and folders, because `MEDALLION_HOME` may name a folder that others share.
    """
    for name in _HELD:
        with suppress(FileNotFoundError, PermissionError):
            tighten_path(home.root / name)


def tighten_path(path: Path) -> None:
    """Take the modes for others from a file or a folder."""
    mode = path.stat().st_mode & 0o7777
    if mode & _UMASK:
        path.chmod(mode & ~_UMASK)


def write_private(file: Path, text: str) -> None:
    """Write a new text file that only its user can read, whatever the mask is."""
    file.unlink(missing_ok=True)
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        out.write(text)
