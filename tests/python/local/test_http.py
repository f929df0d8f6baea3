"""The base of the local services: limits, silent clients, and errors that stay JSON."""

import http.client
import json
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from medallion.errors import MedallionError
from medallion_local import certificates
from medallion_local import http as web
from medallion_local.http import Answer, Request

SEEN: list[Request] = []


def respond(request: Request) -> Answer:
    SEEN.append(request)
    match request.path:
        case "/broken":
            raise RuntimeError("the secret detail")
        case "/no-json":
            return Answer(200, {1, 2})
        case "/bytes":
            return Answer(200, b"\x00\xff", {"ETag": '"1"'})
        case "/nothing":
            return Answer(204)
        case "/reason":
            return Answer(507, reason="disk\r\nfull ☹")
    return Answer(200, {"path": request.path, "length": len(request.body)})


@contextmanager
def connected(
    tls: ssl.SSLContext | None = None, limit: int = web.LIMIT, silence: float = web.SILENCE
) -> Iterator[socket.socket]:
    """A plain socket to a server of `respond`, which has seen nothing yet."""
    SEEN.clear()
    with (
        web.serving(respond, tls, limit=limit, silence=silence) as port,
        socket.create_connection(("127.0.0.1", port), timeout=60) as client,
    ):
        yield client


def answered(client: socket.socket, request: bytes) -> tuple[http.client.HTTPResponse, bytes]:
    if request:
        client.sendall(request)
    response = http.client.HTTPResponse(client, method=request[:4].decode().strip() or None)
    response.begin()
    return response, response.read()


@pytest.mark.parametrize(
    ("head", "status", "why"),
    [
        ("POST / HTTP/1.1\r\nContent-Length: -1", 400, "not a number of bytes"),
        ("POST / HTTP/1.1\r\nContent-Length: five", 400, "not a number of bytes"),
        ("POST / HTTP/1.1\r\nContent-Length: +5", 400, "not a number of bytes"),
        ("POST / HTTP/1.1\r\nContent-Length: 1_0", 400, "not a number of bytes"),
        ("POST / HTTP/1.1\r\nContent-Length: \xb2", 400, "not a number of bytes"),
        ("POST / HTTP/1.1\r\nContent-Length:", 400, "not a number of bytes"),
        ("POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2", 400, "not a number of bytes"),
        ("POST / HTTP/1.1\r\nContent-Length: 101", 413, "more than 100 bytes"),
        (f"POST / HTTP/1.1\r\nContent-Length: {'9' * 5000}", 413, "more than 100 bytes"),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked", 411, "needs a Content-Length"),
        ("GET /a%00b HTTP/1.1", 400, "NUL"),
        ("GET http://[ HTTP/1.1", 400, "is not valid"),
        ("FROB / HTTP/1.1", 501, "Unsupported method"),
        ("GET / HTTP/one", 400, "Bad request version"),
        ("GET / now HTTP/1.1", 400, "Bad request syntax"),
        (f"GET /{'a' * 70000} HTTP/1.1", 414, "Too Long"),
        (f"GET / HTTP/1.1\r\nA: {'a' * 70000}", 431, "Line too long"),
    ],
)
def test_what_the_base_refuses_reaches_no_service(head: str, status: int, why: str) -> None:
    with connected(limit=100) as client:
        response, body = answered(client, head.encode("latin-1") + b"\r\n\r\n")
        assert (response.status, response.headers["Connection"]) == (status, "close")
        assert why in json.loads(body)["error"]["message"]
        assert client.recv(1) == b""
    assert SEEN == []


def test_a_client_without_access_is_answered_before_its_body() -> None:
    """Nothing of the body is sent here: a server that waits for it would answer with a 408."""

    def admit(request: Request) -> Answer | None:
        assert request.body == b""
        return None if request.bears("secret") else Answer(401, {"path": request.path})

    SEEN.clear()
    head = b"POST /a HTTP/1.1\r\nContent-Length: 5\r\n"
    with web.serving(respond, admit=admit, silence=30) as port:
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            response, body = answered(client, head + b"\r\n")
            assert (response.status, json.loads(body)) == (401, {"path": "/a"})
            assert response.getheader("Connection") == "close" and not SEEN
        with socket.create_connection(("127.0.0.1", port), timeout=20) as client:
            response, body = answered(client, head + b"Authorization: Bearer secret\r\n\r\nhello")
            assert (response.status, json.loads(body)) == (200, {"path": "/a", "length": 5})


def test_a_body_over_the_limit_is_refused_though_the_client_sends_it_all() -> None:
    with connected(limit=100) as client:
        request = b"PUT / HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + bytes(1_000_000)
        response, _ = answered(client, request)
        assert response.status == 413
    assert SEEN == []


def test_a_body_of_the_limit_passes() -> None:
    with connected(limit=100) as client:
        _, body = answered(client, b"PUT /a HTTP/1.1\r\nContent-Length: 100\r\n\r\n" + bytes(100))
        assert json.loads(body) == {"path": "/a", "length": 100}


@pytest.mark.parametrize("path", ["/broken", "/no-json"])
def test_an_error_of_a_service_is_a_500_without_its_details(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, web.log.name)
    with connected() as client:
        response, body = answered(client, f"GET {path} HTTP/1.1\r\n\r\n".encode())
        assert response.status == 500
        assert json.loads(body)["error"]["code"] == "InternalServerError"
        assert b"detail" not in body and b"Traceback" not in body
        assert answered(client, b"GET /next HTTP/1.1\r\n\r\n")[0].status == 200
    [record] = caplog.records
    assert f"GET {path} failed: " in record.getMessage() and not record.exc_info


def test_answers_on_one_connection() -> None:
    with connected() as client:
        response, body = answered(client, b"GET /bytes HTTP/1.1\r\n\r\n")
        assert (body, response.headers["ETag"]) == (b"\x00\xff", '"1"')
        assert response.headers["Content-Type"] == "application/octet-stream"
        response, body = answered(client, b"HEAD /bytes HTTP/1.1\r\n\r\n")
        assert (body, response.headers["Content-Length"]) == (b"", "2")
        response, body = answered(client, b"DELETE /nothing HTTP/1.1\r\n\r\n")
        assert (response.status, response.headers["Content-Length"]) == (204, None)
        response, _ = answered(client, b"GET /reason HTTP/1.1\r\n\r\n")
        assert response.reason == "disk full ?"
        _, body = answered(client, b"GET /%C3%A9%2Fb?x=1&x=2&y= HTTP/1.1\r\n\r\n")
        assert json.loads(body)["path"] == "/é/b"
    assert SEEN[-1].segments == ("é/b",)
    assert SEEN[-1].query == {"x": "2", "y": ""}


@pytest.mark.parametrize(
    ("header", "bearer"),
    [
        ("Bearer abc", "abc"),
        ("abc", ""),
        ("Basic abc", ""),
        ("Bearer \xe9", "\xe9"),
    ],
)
def test_only_a_bearer_is_an_access_token(header: str, bearer: str) -> None:
    with connected() as client:
        answered(client, f"GET / HTTP/1.1\r\nAuthorization: {header}\r\n\r\n".encode("latin-1"))
    assert SEEN[0].bearer == bearer
    assert SEEN[0].bears("abc") == (bearer == "abc")


@pytest.mark.parametrize("said", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: a"])
def test_a_client_that_falls_silent_loses_its_connection(said: bytes) -> None:
    with connected(silence=0.2) as client:
        client.sendall(said)
        begun = time.monotonic()
        assert client.recv(1) == b""
        assert 0.1 < time.monotonic() - begun < 30


def test_a_body_that_does_not_arrive_is_a_408() -> None:
    with connected(silence=0.2) as client:
        response, _ = answered(client, b"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
        assert response.status == 408
        assert client.recv(1) == b""


def test_a_body_that_ends_too_early_is_a_400() -> None:
    with connected() as client:
        client.sendall(b"PUT / HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
        client.shutdown(socket.SHUT_WR)
        response, _ = answered(client, b"")
        assert response.status == 400


def test_a_connection_may_rest_between_requests() -> None:
    with connected(silence=0.1) as client:
        for _ in range(2):
            assert answered(client, b"GET / HTTP/1.1\r\n\r\n")[0].status == 200
            time.sleep(0.3)


def test_a_handshake_that_never_comes_stalls_nobody_and_ends(tmp_path: Path) -> None:
    files = certificates.ensure(certificates.files_in(tmp_path))
    tls = certificates.server_context(files)
    trusted = ssl.create_default_context(cafile=files.authority)
    with connected(tls, silence=2) as silent:
        port = silent.getpeername()[1]
        with closing(http.client.HTTPSConnection("localhost", port, context=trusted)) as other:
            other.request("PUT", "/a", body=b"abc")
            assert json.loads(other.getresponse().read()) == {"path": "/a", "length": 3}
        assert silent.recv(1) == b""


def opened(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=30)


def asked(client: socket.socket, token: str = "") -> int:
    head = f"GET / HTTP/1.1\r\nAuthorization: Bearer {token}\r\n\r\n"
    return answered(client, head.encode())[0].status


def admit_secret(request: Request) -> Answer | None:
    return None if request.bears("secret") else Answer(401)


def test_the_oldest_silent_client_makes_room() -> None:
    with (
        web.serving(respond, admit=admit_secret, most=2) as port,
        opened(port) as known,
        opened(port) as oldest,
    ):
        assert asked(known, "secret") == 200
        with opened(port) as newest:
            assert oldest.recv(1) == b""
            assert asked(newest, "secret") == 200
        assert asked(known, "secret") == 200


def test_a_client_without_access_takes_no_place() -> None:
    with web.serving(respond, admit=admit_secret, most=1) as port, opened(port) as stranger:
        assert asked(stranger, "guess") == 401
        with opened(port) as known:
            assert asked(known, "secret") == 200


def test_connections_over_the_limit_are_answered_with_503() -> None:
    gone: list[object] = []
    with web.serving(respond, admit=admit_secret, most=1, left=gone.append) as port:
        with opened(port) as known:
            assert asked(known, "secret") == 200
            with opened(port) as further:
                response, body = answered(further, b"POST / HTTP/1.1\r\n\r\n")
                assert (response.status, response.headers["Retry-After"]) == (503, "1")
                assert "1 connections are open" in json.loads(body)["error"]["message"]
                assert further.recv(1) == b""
            silent = [opened(port) for _ in range(web._REFUSALS + 1)]
            assert silent[0].recv(1) == b""
            for each in silent:
                each.close()
            assert asked(known, "secret") == 200
        end = time.monotonic() + 30
        while SEEN[-1].connection not in gone and time.monotonic() < end:
            time.sleep(0.01)
        assert SEEN[-1].connection in gone
        with opened(port) as later:
            assert asked(later, "secret") == 200


def test_a_taken_port_is_one_sentence() -> None:
    with (
        connected() as client,
        pytest.raises(MedallionError, match=r"^Port \d+ on 127.0.0.1 cannot be used"),
        web.serving(respond, port=client.getpeername()[1]),
    ):
        pass
