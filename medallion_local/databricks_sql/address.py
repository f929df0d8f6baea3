"""How the engine's SQL names a folder: by a path that Sail finds.

Sail encodes a path as a URL and then looks for a Delta log under the encoded name, so it finds no
folder with a blank, a letter outside ASCII or `#` in its path, however that is written. Such a
folder is named through a link whose own path is plain. delta-rs and DuckDB take folders as they
are, but for the characters that `medallion.home` refuses.
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
    """The addresses of folders, as long as `close` was not called."""

    def __init__(self) -> None:
        self._links: Path | None = None
        self._real: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, folder: str | Path) -> str:
        """The folder's address. A part of the path that is not plain is replaced, up to its end."""
        parts = Path(folder).parts
        odd = [place for place, part in enumerate(parts) if not _PLAIN.fullmatch(part)]
        if not odd:
            return str(folder)
        link = self._link(Path(*parts[: odd[-1] + 1]))
        return str(link.joinpath(*parts[odd[-1] + 1 :]))

    def shown(self, text: str) -> str:
        """A message of the engine's, with the folders themselves in it."""
        for link, folder in list(self._real.items()):
            text = text.replace(link, folder)
        return text

    def close(self) -> None:
        """Remove the links."""
        if self._links is not None:
            shutil.rmtree(self._links, ignore_errors=True)

    def _link(self, folder: Path) -> Path:
        """The link to a folder; made again when the system has cleaned its temporary files."""
        with self._lock:
            if self._links is None:
                self._links = Path(tempfile.mkdtemp(prefix="medallion-", dir=_temporary()))
            link = self._links / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
            if not link.is_symlink():
                self._links.mkdir(mode=0o700, exist_ok=True)
                link.symlink_to(folder)
                self._real[str(link)] = str(folder)
            return link


def _temporary() -> Path:
    """A folder for temporary files whose own path is plain."""
    for folder in (Path(tempfile.gettempdir()), *_SHARED):
        if _PLAIN.fullmatch(str(folder)) and os.access(folder, os.W_OK):
            return folder
    raise MedallionError(
        f"Neither {tempfile.gettempdir()} nor /tmp can hold a link to the warehouse's folders: set "
        "TMPDIR to a folder that can be written, with only ASCII letters and digits in its path."
    )
