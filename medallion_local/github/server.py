"""An HTTP server on the loopback that answers as raw.githubusercontent.com does.

The linked service is anonymous, so the secret that other users of the machine lack is in the URL.
The ETag of a file depends on its content; `If-None-Match` with this ETag is answered with 304.
"""

import hashlib
import hmac
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from medallion.atomic import replacing
from medallion_local import http as web
from medallion_local.http import Answer, Request

REFERENCE = Path(__file__).resolve().parent / "reference"
REPOSITORY = "medallion/streaming-reference/main"
TEXT = {"Content-Type": "text/plain; charset=utf-8"}


def seed(root: Path) -> Path:
    """Copy missing reference files into the repository's folder under `root`."""
    folder = root / REPOSITORY
    for file in sorted(REFERENCE.glob("*.csv")):
        if not (folder / file.name).exists():
            with replacing(folder / file.name) as temporary:
                shutil.copyfile(file, temporary)
    return folder


def etag(content: bytes) -> str:
    """The entity tag of a content: a quoted SHA-256."""
    return f'"{hashlib.sha256(content).hexdigest()}"'


@contextmanager
def serving(root: Path) -> Iterator[str]:
    """Serve `root` while the block runs; yields the repository's URL, on a free port."""
    secret = secrets.token_urlsafe()
    with web.serving(partial(_respond, root.resolve(), secret), limit=0) as port:
        yield f"http://127.0.0.1:{port}/{secret}/{REPOSITORY}"


def _respond(root: Path, secret: str, request: Request) -> Answer:
    if request.method not in ("GET", "HEAD"):
        return Answer(405, b"405: Method Not Allowed", TEXT)
    given, _, path = request.path.lstrip("/").partition("/")
    if not hmac.compare_digest(given.encode(), secret.encode()):
        return Answer(404, b"404: Not Found", TEXT)
    try:
        file = (root / path.lstrip("/")).resolve()
        content = file.read_bytes() if file.is_relative_to(root) else None
    except (OSError, RuntimeError):  # also a name that is too long, and a loop of links
        content = None
    if content is None:
        return Answer(404, b"404: Not Found", TEXT)
    tag = {"ETag": etag(content)}
    if tag["ETag"] in request.headers.get("If-None-Match", "").replace("W/", ""):
        return Answer(304, headers=tag)
    return Answer(200, content, TEXT | tag)
