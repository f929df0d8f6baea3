"""An HTTP server on the loopback that answers as raw.githubusercontent.com does.

A file has an ETag of its content; a request with `If-None-Match` for it is answered by 304.
"""

import hashlib
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from medallion.atomic import replacing

REFERENCE = Path(__file__).resolve().parent / "reference"
REPOSITORY = "medallion/streaming-reference/main"


def seed(root: Path) -> Path:
    """Put the reference files into the repository's folder under `root`, where they are missing."""
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
    """Serve `root` while the block runs; gives the repository's URL, on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(root.resolve()))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/{REPOSITORY}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(root: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers GET and HEAD for files below `root`."""

        def do_GET(self) -> None:
            """Answer with the file, or with 304 if the caller has it."""
            self._answer(with_body=True)

        def do_HEAD(self) -> None:
            """Answer with the file's headers."""
            self._answer(with_body=False)

        def _answer(self, with_body: bool) -> None:
            file = (root / unquote(urlsplit(self.path).path).lstrip("/")).resolve()
            if not file.is_relative_to(root) or not file.is_file():
                self.send_error(HTTPStatus.NOT_FOUND)
                return
            content = file.read_bytes()
            tag = etag(content)
            if tag in self.headers.get("If-None-Match", "").replace("W/", ""):
                self.send_response(HTTPStatus.NOT_MODIFIED)
                self.send_header("ETag", tag)
                self.end_headers()
                return
            self.send_response(HTTPStatus.OK)
            self.send_header("Content-Type", "text/plain; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.send_header("ETag", tag)
            self.end_headers()
            if with_body:
                self.wfile.write(content)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep the command line quiet."""

    return Handler
