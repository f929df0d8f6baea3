"""HTTPS in front of the Thrift service, and the REST paths that clients probe."""

import hmac
import json
import logging
import socket
import ssl
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from databricks.sql.thrift_api.TCLIService import TCLIService
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport.TTransport import TMemoryBuffer

from medallion.local.warehouse.service import Service
from medallion.local.warehouse.state import HTTP_PATH

log = logging.getLogger(__name__)

_DISCOVERY = "/.well-known/databricks-config"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore a client that disconnects or does not use TLS."""
        log.debug("connection from %s failed", client_address, exc_info=True)


def server(service: Service, port: int, token: str, tls: ssl.SSLContext) -> ThreadingHTTPServer:
    """A listening server on 127.0.0.1. Call `serve_forever` to run it."""
    processor = TCLIService.Processor(service)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def setup(self) -> None:
            # Each connection's thread does its own handshake, so no client can block the others.
            self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()
            self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path.split("?")[0] != HTTP_PATH:
                self._answer(404, b'{"error_code": "ENDPOINT_NOT_FOUND"}', "application/json")
                return
            given = self.headers.get("Authorization", "")
            if not hmac.compare_digest(given.encode(), f"Bearer {token}".encode()):
                self._answer(401, b'{"error_code": "UNAUTHENTICATED"}', "application/json")
                return
            incoming, outgoing = TMemoryBuffer(body), TMemoryBuffer()
            processor.process(
                TBinaryProtocolAccelerated(incoming), TBinaryProtocolAccelerated(outgoing)
            )
            self._answer(200, outgoing.getvalue(), "application/x-thrift")

        def do_GET(self) -> None:
            if self.path.split("?")[0] == _DISCOVERY:
                found = {"host_type": "workspace", "oidc_endpoint": "", "workspace_id": "0"}
                self._answer(200, json.dumps(found).encode(), "application/json")
            else:
                self._answer(404, b'{"error_code": "ENDPOINT_NOT_FOUND"}', "application/json")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Do not log requests: a build sends hundreds."""

    return _Server(("127.0.0.1", port), Handler)
