"""Writes files atomically: a reader sees the complete file or no file."""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from medallion.durable import make_folder, sync_folder


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Yield a temporary path next to `target`; on success sync it to disk and rename it.

    Its name begins with a dot, so that readers of the lake skip it. On an error the temporary
    file is removed and `target` stays as it was.
    """
    make_folder(target.parent)
    temporary = target.parent / f".{target.name}.{uuid.uuid4().hex}.tmp"
    try:
        yield temporary
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        temporary.replace(target)
        sync_folder(target.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(target: Path, content: str) -> None:
    """Replace the text of `target` in one step."""
    with replacing(target) as temporary:
        temporary.write_text(content, encoding="utf-8")
