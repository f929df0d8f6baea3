"""A request of which a server gets the head and never the body."""

import http.client
import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit


def status_before_body(url: str, authority: Path, method: str = "PUT", token: str = "") -> int:
    """The status that a server answers although the body that the head announces does not come."""
    address = urlsplit(url)
    trusted = ssl.create_default_context(cafile=authority)
    head = f"{method} {address.path}?{address.query} HTTP/1.1\r\nHost: {address.netloc}\r\n"
    head += f"Content-Length: 5\r\nAuthorization: Bearer {token}\r\n\r\n"
    with (
        socket.create_connection((address.hostname or "", address.port or 443), 20) as plain,
        trusted.wrap_socket(plain, server_hostname=address.hostname) as client,
    ):
        client.sendall(head.encode())
        response = http.client.HTTPResponse(client)
        response.begin()
        return response.status
