"""HTTP or HTTPS on the loopback, for the emulators of Azure's, Databricks' and GitHub's services.

Each service is a function from a `Request` to an `Answer`. This module has the shared parts: the
port, TLS, limits, and errors as JSON. werkzeug was rejected: its server does the TLS handshake in
the thread that accepts connections, has no timeouts, and ignores a malformed Content-Length.
"""

import hmac
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from email.message import Message
from functools import cached_property
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from medallion.errors import MedallionError

log = logging.getLogger(__name__)

LIMIT = 64 * 2**20  # maximum bytes of a body; a statement, a secret or a control file has far fewer
SILENCE = 60.0  # seconds without data from a client, before or during a request
IDLE = 600.0  # seconds between two requests of a connection, and to receive an answer
CONNECTIONS = 256  # at the same time; each has a thread
_REFUSALS = 16  # further connections that are answered with 503
_SECONDS_OF_A_REFUSAL = 5.0


@dataclass(frozen=True)
class Request:
    """A request; `query` has the last value of each parameter, `segments` no empty ones.

    Requests with an equal `connection` came on the same one.
    """

    method: str
    path: str
    segments: tuple[str, ...]
    query: Mapping[str, str]
    headers: Message
    body: bytes
    connection: Hashable = None

    @property
    def bearer(self) -> str:
        """The access token of the `Authorization` header, or an empty text."""
        scheme, _, token = self.headers.get("Authorization", "").partition(" ")
        return token if scheme == "Bearer" else ""

    def bears(self, token: str) -> bool:
        """Whether the request has this access token."""
        return hmac.compare_digest(self.bearer.encode(), token.encode())


@dataclass(frozen=True)
class Answer:
    """A status and content: bytes are sent unchanged, None as an empty body, all else as JSON."""

    status: int
    content: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None

    @cached_property
    def body(self) -> bytes:
        """The bytes that are sent."""
        if self.content is None or isinstance(self.content, bytes):
            return self.content or b""
        return json.dumps(self.content).encode()


Respond = Callable[[Request], Answer]
Admit = Callable[[Request], Answer | None]
Left = Callable[[Hashable], None]


def everyone(request: Request) -> None:
    """Admit each request: the service itself checks who sent it."""


def unnoticed(connection: Hashable) -> None:
    """Do nothing when a client closes its connection."""


class _RefusedError(Exception):
    """A request that is rejected before the service gets it; the answer closes the connection."""


class Server(ThreadingHTTPServer):
    """A listening server on 127.0.0.1; `serve_forever` runs it.

    `admit` gets a request before its body is read, which is empty there. It returns the answer to a
    client that has no access, whose connection then ends: only clients with access fill memory.
    A body of more than `limit` bytes is answered with 413. The connection of a client that sends
    nothing for `silence` seconds is closed.

    Of `most` connections, the oldest one without an admitted request makes room for a new one. If
    all have had one, new connections are answered with 503. `left` gets a connection that its
    client has closed. Raises `MedallionError` if the port is in use.
    """

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(
        self,
        respond: Respond,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        limit: int = LIMIT,
        silence: float = SILENCE,
        admit: Admit = everyone,
        most: int = CONNECTIONS,
        left: Left = unnoticed,
    ) -> None:
        self.admit, self.most, self.left = admit, most, left
        self._guard = threading.Lock()
        self._admitted: set[socket.socket] = set()
        self._unknown: dict[socket.socket, None] = {}  # no request was admitted; oldest first
        self._refused: dict[socket.socket, None] = {}
        self.respond, self.tls, self.limit, self.silence = respond, tls, limit, silence
        try:
            super().__init__(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise MedallionError(
                f"Port {port} on 127.0.0.1 cannot be used ({error.strerror}): choose another."
            ) from error

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """A client's connection, before its handshake."""
        connection, address = super().get_request()
        connection.settimeout(self.silence)
        if self.tls is not None:
            connection = self.tls.wrap_socket(connection, True, do_handshake_on_connect=False)
        return connection, address

    def process_request(self, request: Any, client_address: Any) -> None:
        """Serve a connection in a thread, if there is room for it."""
        with self._guard:
            group, evicted = self._unknown, None
            if len(self._admitted) + len(self._unknown) >= self.most:
                if not self._unknown:
                    group = self._refused
                    request.settimeout(_SECONDS_OF_A_REFUSAL)
                if group is self._unknown or len(self._refused) >= _REFUSALS:
                    evicted = next(iter(group))
                    del group[evicted]
            group[request] = None
        if evicted is not None:
            with suppress(OSError):  # not SSLSocket's method: its thread still reads from it
                socket.socket.shutdown(evicted, socket.SHUT_RDWR)
        try:
            super().process_request(request, client_address)
        except BaseException:
            self._forget(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Serve a connection until it ends."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._forget(request)

    def refuses(self, connection: socket.socket) -> bool:
        """Whether there was no room for a connection."""
        return connection in self._refused

    def keep(self, connection: socket.socket) -> None:
        """Note that a request of a connection was admitted."""
        with self._guard:
            if connection in self._unknown:
                del self._unknown[connection]
                self._admitted.add(connection)

    def _forget(self, connection: socket.socket) -> None:
        with self._guard:
            self._admitted.discard(connection)
            self._unknown.pop(connection, None)
            self._refused.pop(connection, None)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log errors of a connection; a client may close it or reject the certificate."""
        log.debug("connection from %s failed", client_address, exc_info=True)


def free_port() -> int:
    """A port on 127.0.0.1 that no process uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(
    respond: Respond, tls: ssl.SSLContext | None = None, port: int = 0, **limits: Any
) -> Iterator[int]:
    """Answer requests as `Server` does while the block runs; yields the port."""
    with Server(respond, tls, port, **limits) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    """Passes every method that the services' clients use to `respond`."""

    protocol_version = "HTTP/1.1"
    default_request_version = "HTTP/1.0"  # HTTP/0.9 answers have no status
    disable_nagle_algorithm = True
    raw_requestline: bytes | None = None  # empty at the end of what the client sends
    server: Server

    def setup(self) -> None:
        # The handshake runs in the connection's own thread, so that it cannot block other clients.
        if isinstance(self.request, ssl.SSLSocket):
            self.request.do_handshake()
        super().setup()

    def handle(self) -> None:
        try:
            super().handle()
            gone = self.raw_requestline == b""
        except OSError:  # of the connection, or of its encryption
            log.debug("a connection failed", exc_info=True)
            gone = True
        if gone:
            self.server.left(self.connection)

    def _answer(self) -> None:
        if self.server.refuses(self.connection):
            why = f"{self.server.most} connections are open, which is the limit. Try again later."
            self._end_with(replace(_error(503, why), headers={"Retry-After": "1"}))
            return
        self.connection.settimeout(self.server.silence)
        try:
            head = self._head()
            if (refusal := self.server.admit(head)) is not None:
                self._end_with(refusal)
                return
            self.server.keep(self.connection)
            request = replace(head, body=self._body())
        except _RefusedError as refused:
            status, why = refused.args
            self.send_error(status, why)
            return
        self.connection.settimeout(IDLE)
        try:
            answer = self.server.respond(request)
            answer.body  # noqa: B018 - a content that is not JSON is the service's failure, too
        except Exception as error:
            with_traceback = log.isEnabledFor(logging.DEBUG)
            log.error(
                "%s %s failed: %r", request.method, request.path, error, exc_info=with_traceback
            )
            answer = _error(500, "The service failed; see its log.")
        self._send(answer)

    do_GET = do_HEAD = do_PUT = do_POST = do_PATCH = do_DELETE = _answer

    def _head(self) -> Request:
        """The request without its body."""
        try:
            url = urlsplit(self.path)
            query = dict(parse_qsl(url.query, keep_blank_values=True))
        except ValueError:
            raise _RefusedError(400, "The address is not valid.") from None
        path = unquote(url.path)
        if "\0" in path:
            raise _RefusedError(400, "The path contains a NUL character.")
        segments = tuple(unquote(part) for part in url.path.split("/") if part)
        return Request(self.command, path, segments, query, self.headers, b"", self.connection)

    def _body(self) -> bytes:
        if "Transfer-Encoding" in self.headers:
            raise _RefusedError(411, "A body needs a Content-Length.")
        given = set(self.headers.get_all("Content-Length", ["0"]))
        length = given.pop().strip()
        if given or not (length.isascii() and length.isdigit()):
            raise _RefusedError(400, "The Content-Length is not a number of bytes.")
        if len(length) > 18 or int(length) > self.server.limit:
            raise _RefusedError(413, f"The body has more than {self.server.limit} bytes.")
        try:
            body = self.rfile.read(int(length))
        except TimeoutError:
            raise _RefusedError(408, "The body did not arrive in time.") from None
        if len(body) < int(length):
            raise _RefusedError(400, "The body is shorter than its Content-Length.")
        return body

    def _send(self, answer: Answer) -> None:
        reason = answer.reason and " ".join(answer.reason.split()).encode("latin-1", "replace")
        self.send_response(answer.status, reason.decode("latin-1") if reason else None)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.content is not None and "Content-Type" not in answer.headers:
            kind = "octet-stream" if isinstance(answer.content, bytes) else "json; charset=utf-8"
            self.send_header("Content-Type", f"application/{kind}")
        if answer.status not in (204, 304):  # answers with these statuses have no body
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """An answer as JSON, after which the connection ends; http.server's own errors are HTML."""
        self._end_with(_error(code, message or HTTPStatus(code).phrase))

    def _end_with(self, answer: Answer) -> None:
        """Send an answer, and end the connection. The rest of the request is not kept."""
        self.close_connection = True
        self._send(replace(answer, headers={**answer.headers, "Connection": "close"}))
        # Closing a socket with unread bytes resets it, and the client would lose the answer.
        end = time.monotonic() + 1
        with suppress(OSError):
            self.connection.settimeout(0.2)
            while time.monotonic() < end and self.connection.recv(2**16):
                pass

    def log_message(self, format: str, *arguments: object) -> None:
        """Write no line per request to the console."""


def _error(status: int, message: str) -> Answer:
    code = HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
    return Answer(status, {"error": {"code": code, "message": message}})
