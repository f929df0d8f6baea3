"""The Blob service's REST API on the loopback: Get Blob, Get Blob Properties, Put Blob.

What the pipelines use: a bearer token, conditional headers, block blobs. Anything else is refused
by name, as the service does: an `x-ms-error-code` and a text.
Source: https://learn.microsoft.com/rest/api/storageservices/blob-service-rest-api
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from medallion import disk

from medallion_local.blob_storage import blobs

OLDEST_VERSION_WITH_TOKENS = "2017-11-09"
CONDITIONS = {"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}


@contextmanager
def serving(lake: Path, token: str) -> Iterator[str]:
    """Serve the lake while the block runs; gives the account's URL, on a free port."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(lake, token))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(lake: Path, token: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Answers for blobs of the lake's containers."""

        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Get Blob."""
            if (file := self._allowed({"If-None-Match"})) is not None:
                self._give(file, with_body=True)

        def do_HEAD(self) -> None:
            """Get Blob Properties."""
            if (file := self._allowed({"If-None-Match"})) is not None:
                self._give(file, with_body=False)

        def do_PUT(self) -> None:
            """Put Blob."""
            content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if (file := self._allowed({"If-Match", "If-None-Match"})) is None:
                return
            kind = self.headers.get("x-ms-blob-type")
            if kind != "BlockBlob":
                self._refuse(400, "InvalidHeaderValue", f"x-ms-blob-type is '{kind}'")
                return
            conditions = (self.headers.get("If-Match", ""), self.headers.get("If-None-Match", ""))
            if conditions[1] not in ("", "*"):
                self._refuse(400, "InvalidHeaderValue", f"If-None-Match is '{conditions[1]}'")
                return
            try:
                tag = blobs.write(lake, file, content, *conditions)
            except blobs.ConditionNotMetError:
                code = "BlobAlreadyExists" if conditions[1] else "ConditionNotMet"
                self._refuse(409 if conditions[1] else 412, code, "the blob is another one now")
                return
            except OSError as error:  # the laptop's disk; the service has no such answer
                told = disk.sentence(error) or str(error)
                self._refuse(507, "InternalError", told, reason=told)
                return
            self._answer(201, {"ETag": tag})

        def _allowed(self, conditions: set[str]) -> Path | None:
            """The blob's file, unless the request is refused."""
            address = urlsplit(self.path)
            parts = unquote(address.path).strip("/").split("/")
            if self.headers.get("Authorization") != f"Bearer {token}":
                self._refuse(401, "InvalidAuthenticationInfo", "the bearer token is not valid")
            elif self.headers.get("x-ms-version", "") < OLDEST_VERSION_WITH_TOKENS:
                self._refuse(400, "InvalidHeaderValue", "x-ms-version is missing or too old")
            elif address.query or (given := CONDITIONS & set(self.headers) - conditions):
                what = address.query or ", ".join(given)
                self._refuse(501, "NotImplemented", f"'{what}' has no local stand-in")
            elif len(parts) < 2 or any(part in ("", ".", "..") for part in parts):
                self._refuse(400, "InvalidUri", f"'{address.path}' names no blob")
            else:
                return lake.joinpath(*parts)
            return None

        def _give(self, file: Path, with_body: bool) -> None:
            found = blobs.read(file)
            if found is None:
                self._refuse(404, "BlobNotFound", "the specified blob does not exist")
            elif self.headers.get("If-None-Match") == found[1]:
                self._answer(304, {"ETag": found[1]})
            else:
                headers = {"ETag": found[1], "Content-Type": "application/octet-stream"}
                self._answer(200, headers, found[0], with_body)

        def _refuse(self, status: int, code: str, why: str, reason: str | None = None) -> None:
            body = f"{code}: {why}".encode()
            self._answer(status, {"x-ms-error-code": code}, body, reason=reason)

        def _answer(
            self,
            status: int,
            headers: dict[str, str],
            body: bytes = b"",
            with_body: bool = True,
            reason: str | None = None,
        ) -> None:
            self.send_response(status, reason)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if with_body and self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep the command line quiet."""

    return Handler
