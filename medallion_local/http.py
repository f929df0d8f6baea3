"""JSON over HTTP or HTTPS on the loopback, for the stand-ins of Azure's REST services."""

import json
import logging
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, unquote, urlsplit

from medallion.errors import MedallionError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """A request: the path's decoded segments without empty ones, the query's last values."""

    method: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Answer:
    """A status and a JSON content; None is an empty body."""

    status: int
    content: object = None
    headers: Mapping[str, str] = field(default_factory=dict)


Respond = Callable[[Request], Answer]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes away, or that does not trust us, is its own affair."""
        log.debug("connection from %s failed", client_address, exc_info=True)


@contextmanager
def serving(respond: Respond, tls: ssl.SSLContext | None = None, port: int = 0) -> Iterator[int]:
    """Answer requests on 127.0.0.1 while the block runs; gives the port, by default a free one.

    A port that is taken is a `MedallionError`.
    """
    try:
        server = _Server(("127.0.0.1", port), _handler(respond, tls))
    except OSError as error:
        raise MedallionError(
            f"Port {port} on 127.0.0.1 cannot be served ({error.strerror}): choose another."
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(respond: Respond, tls: ssl.SSLContext | None) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Passes every method that Azure's clients use to `respond`."""

        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            # The handshake is each connection's own thread's work, so none can stall the others.
            if tls is not None:
                self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            url = urlsplit(self.path)
            segments = tuple(unquote(part) for part in url.path.split("/") if part)
            query = dict(parse_qsl(url.query))
            answer = respond(Request(self.command, segments, query, self.headers, body))
            content = b"" if answer.content is None else json.dumps(answer.content).encode()
            self.send_response(answer.status)
            self.send_header("Content-Type", "application/json; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_PUT = do_POST = do_PATCH = do_DELETE = _answer

        def log_message(self, format: str, *arguments: object) -> None:
            """Keep the command line quiet."""

    return Handler
