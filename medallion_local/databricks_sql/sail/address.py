"""Addresses of folders in the engine's SQL: paths that Sail can find.

Sail encodes a path as a URL and then looks for a Delta log under the encoded name. So it does not
find a folder with a blank, a non-ASCII letter or `#` in its path, in any spelling. Such a folder
gets a symbolic link with a plain path. delta-rs and DuckDB accept all folders, except for the
characters that `medallion.home` rejects.
"""

import hashlib
import os
import re
import shutil
import tempfile
import threading
from pathlib import Path

from medallion.errors import MedallionError

_PLAIN = re.compile(r"[A-Za-z0-9_.=/-]+")
_SHARED = (Path("/tmp"), Path("/var/tmp"))


class Addresses:
    """The addresses of folders, valid until `close` is called."""

    def __init__(self) -> None:
        self._links: Path | None = None
        self._real: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, folder: str | Path) -> str:
        """The folder's address. If a part of the path is not plain, a link replaces it."""
        parts = Path(folder).parts
        odd = [place for place, part in enumerate(parts) if not _PLAIN.fullmatch(part)]
        if not odd:
            return str(folder)
        link = self._link(Path(*parts[: odd[-1] + 1]))
        return str(link.joinpath(*parts[odd[-1] + 1 :]))

    def shown(self, text: str) -> str:
        """An error message of the engine, with addresses replaced by the folders."""
        for link, folder in list(self._real.items()):
            text = text.replace(link, folder)
        return text

    def close(self) -> None:
        """Remove the links."""
        if self._links is not None:
            shutil.rmtree(self._links, ignore_errors=True)

    def _link(self, folder: Path) -> Path:
        """The link to a folder. It is created again if the system removed its temporary files."""
        with self._lock:
            if self._links is None:
                self._links = Path(tempfile.mkdtemp(prefix="medallion-", dir=temporary()))
            link = self._links / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
            if not link.is_symlink():
                self._links.mkdir(mode=0o700, exist_ok=True)
                link.symlink_to(folder)
                self._real[str(link)] = str(folder)
            return link


def temporary() -> Path:
    """A folder for temporary files with a plain path."""
    for folder in (Path(tempfile.gettempdir()), *_SHARED):
        if _PLAIN.fullmatch(str(folder)) and os.access(folder, os.W_OK):
            return folder
    raise MedallionError(
        f"Neither {tempfile.gettempdir()} nor /tmp can hold a link to the warehouse's folders: set "
        "TMPDIR to a writable folder with only ASCII letters and digits in its path."
    )
