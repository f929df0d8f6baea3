"""Blobs with entity tags: a file is replaced only if it is still the one that the caller read.

Source: https://learn.microsoft.com/rest/api/storageservices/specifying-conditional-headers-for-blob-service-operations
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medallion.atomic import replacing


class ConditionNotMetError(Exception):
    """The blob does not meet the caller's condition: another writer changed it first."""


def read(file: Path) -> tuple[bytes, str] | None:
    """A blob's content and entity tag; None if it does not exist."""
    try:
        with file.open("rb") as opened:
            return opened.read(), _tag(opened.fileno())
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return None


def write(
    lake: Path, file: Path, content: bytes, if_match: str = "", if_none_match: str = ""
) -> str:
    """Replace a blob atomically. Returns its new entity tag.

    `if_match` is the tag that the blob must have. `if_none_match` may be `*`: it must not exist.
    Raises `ConditionNotMetError`.
    """
    with _held(lake):
        found = read(file)
        if (if_match and (found is None or found[1] != if_match)) or (if_none_match and found):
            raise ConditionNotMetError(file)
        with replacing(file) as temporary:
            temporary.write_bytes(content)
        written = read(file)
    assert written is not None
    return written[1]


def _tag(descriptor: int) -> str:
    """Every write creates a new file, so its inode and time identify the content."""
    status = os.fstat(descriptor)
    return f'"0x{status.st_mtime_ns:X}{status.st_ino:X}"'


@contextmanager
def _held(lake: Path) -> Iterator[None]:
    """The lock of all writers, including other processes. The lock file is next to the lake."""
    lake.parent.mkdir(parents=True, exist_ok=True)
    with lake.with_name(f"{lake.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
