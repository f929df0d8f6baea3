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
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPException, HTTPSConnection
from pathlib import Path

NOBODY = 65534
_LISTENING = "0A"
_SECONDS = 10
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
    """Whether the warehouse's addresses answer without a token."""
    for method, path in (
        ("POST", "/sql/1.0/warehouses/local"),
        ("POST", "/api/2.0/sql/statements/"),
        ("GET", "/"),
    ):
        # The attacker does not know the certificate authority, and does not need it.
        context = ssl._create_unverified_context()
        client = HTTPSConnection("127.0.0.1", port, timeout=_SECONDS, context=context)
        try:
            client.request(method, path, body=b"{}" if method == "POST" else None)
            if client.getresponse().status not in (401, 404):
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


_PROTOCOLS = (_https, _spark_connect, _spark_rpc)
_CLOSED = 1  # a port at which nothing listens

if __name__ == "__main__":
    main()
