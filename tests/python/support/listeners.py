"""Finds every listening socket of a process and its children, and tries it as another user.

`python -m support.listeners` reads addresses from standard input as JSON, becomes the user `nobody`
and prints those that answered without a secret.
"""

import json
import os
import re
import socket
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path

NOBODY = 65534
_LISTENING = "0A"
_SECONDS = 10
_REFUSALS = (401, 404, 405, 413)  # 413: the service takes no body
# What a user of the machine may ask each emulator, by method and path: headers and body.
_REQUESTS: dict[tuple[str, str], tuple[dict[str, str], bytes | None]] = {
    ("GET", "/"): ({}, None),
    # the SQL warehouse
    ("POST", "/sql/1.0/warehouses/local"): ({}, b"{}"),
    ("POST", "/api/2.0/sql/statements/"): ({}, b"{}"),
    # Blob storage
    ("GET", "/bronze/_control/files/x.json"): ({"x-ms-version": "2021-12-02"}, None),
    ("PUT", "/bronze/x"): ({"x-ms-version": "2021-12-02", "x-ms-blob-type": "BlockBlob"}, b"x"),
    # GitHub
    ("GET", "/medallion/streaming-reference/main/countries.csv"): ({}, None),
    # Key Vault
    ("GET", "/secrets?api-version=7.4"): ({}, None),
    ("PUT", "/secrets/x?api-version=7.4"): ({}, b'{"value": "x"}'),
    # the managed identity of an app, and of a machine
    ("GET", "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net"): ({}, None),
    (
        "GET",
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net",
    ): ({"Metadata": "true"}, None),
    # Data Factory
    (
        "POST",
        "/subscriptions/00000000-0000-0000-0000-0000000005b5/resourceGroups/rg-medallion/providers"
        "/Microsoft.DataFactory/factories/adf-medallion/pipelines/pl_ingest/createRun"
        "?api-version=2018-06-01",
    ): ({}, b"{}"),
}
# An RpcRequest of Spark's network layer: frame length, type, request id, body length, body.
_SPARK_RPC = (29).to_bytes(8) + b"\x03" + (1).to_bytes(8) + (8).to_bytes(4) + b"whatever"


def listeners(pid: int) -> list[int | str]:
    """The TCP ports, and the paths of Unix sockets, at which a process or its children listen."""
    known = dict(_listening())
    return [known[inode] for one in _family(pid) for inode in _sockets(one) if inode in known]


def _family(pid: int) -> Iterator[int]:
    yield pid
    for thread in Path(f"/proc/{pid}/task").iterdir():
        for child in (thread / "children").read_text().split():
            yield from _family(int(child))


def _sockets(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(OSError):
            if found := re.fullmatch(r"socket:\[(\d+)\]", str(descriptor.readlink())):
                yield found[1]


def _listening() -> Iterator[tuple[str, int | str]]:
    """The listening sockets of the machine, by inode."""
    for table in ("tcp", "tcp6"):
        for row in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = row.split()
            if fields[3] == _LISTENING:
                yield fields[9], int(fields[1].rpartition(":")[2], 16)
    for row in Path("/proc/net/unix").read_text().splitlines()[1:]:
        fields = row.split(maxsplit=7)
        if int(fields[3], 16) & 0x10000 and len(fields) == 8:  # __SO_ACCEPTCON
            yield fields[6], fields[7]


def answering(addresses: list[int | str]) -> list[str]:
    """The addresses at which `nobody` got an answer without a secret, each with its protocol."""
    ran = subprocess.run(
        [sys.executable, "-m", "support.listeners"],
        input=json.dumps(addresses),
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent.parent)},
    )
    return json.loads(ran.stdout)


def main() -> None:
    addresses = json.load(sys.stdin)
    for one in _PROTOCOLS:
        one(_CLOSED)  # imports what it needs: `nobody` may not read this environment
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)
    found = []
    for address in addresses:
        tries = _PROTOCOLS if isinstance(address, int) else (_unix,)
        found += [f"{address}: {one.__name__[1:]}" for one in tries if one(address)]
    json.dump(found, sys.stdout)
    sys.stdout.flush()
    os._exit(0)


def _https(port: int) -> bool:
    """Whether a service answers by HTTPS without a secret."""
    # The attacker does not know the certificate authority, and does not need it.
    context = ssl._create_unverified_context()
    return _served(lambda: HTTPSConnection("127.0.0.1", port, timeout=_SECONDS, context=context))


def _http(port: int) -> bool:
    """Whether a service answers by HTTP without a secret."""
    return _served(lambda: HTTPConnection("127.0.0.1", port, timeout=_SECONDS))


def _served(connect: Callable[[], HTTPConnection]) -> bool:
    for (method, path), (headers, body) in _REQUESTS.items():
        client = connect()
        try:
            client.request(method, path, body, headers)
            if client.getresponse().status not in _REFUSALS:
                return True
        except (OSError, HTTPException):
            return False
        finally:
            client.close()
    return False


def _spark_connect(port: int) -> bool:
    """Whether a Spark Connect server runs a statement."""
    import grpc
    from pyspark.sql.connect import proto

    request = proto.ExecutePlanRequest(session_id=str(uuid.uuid4()))
    request.user_context.user_id = "nobody"
    request.plan.root.sql.query = "select 1"
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        try:
            stub = proto.SparkConnectServiceStub(channel)
            return bool(list(stub.ExecutePlan(request, timeout=_SECONDS)))
        except grpc.RpcError:
            return False


def _spark_rpc(port: int) -> bool:
    """Whether Spark's own network layer reads a message before it authenticates the sender."""
    reply = b""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), _SECONDS) as client:
        client.sendall(_SPARK_RPC)
        client.settimeout(3)
        reply = client.recv(4096)
    # Type 5 is an RpcFailure. With authentication, its text asks for SASL.
    return reply[8:9] in (b"\x04", b"\x05") and b"SASL" not in reply


def _unix(path: str) -> bool:
    """Whether a Unix socket accepts a connection."""
    with socket.socket(socket.AF_UNIX) as client:
        try:
            client.connect("\0" + path[1:] if path.startswith("@") else path)
        except OSError:
            return False
    return True


_PROTOCOLS = (_https, _http, _spark_connect, _spark_rpc)
_CLOSED = 1  # a port at which nothing listens

if __name__ == "__main__":
    main()
