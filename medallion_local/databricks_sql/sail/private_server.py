"""Sail's Spark Connect server, which only this process can reach.

Sail listens on a TCP port, and has neither a token nor TLS: any user of the machine could run
statements as this one. So this process connects a number of times, and then closes the port under
Sail. A relay hands one of these connections to each client that connects to a Unix socket in a
folder that only this user can enter.

Rejected: a packet filter on the port, which macOS does not have, and a private network namespace,
which containers and some distributions refuse. The relay costs a CPU second per gigabyte: results
of 2.35 GB take 12 CPU seconds with it and 10 without.
"""

import logging
import os
import shutil
import socket
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medallion.errors import MedallionError
from medallion_local.databricks_sql.sail.address import temporary

if TYPE_CHECKING:
    from pysail.spark import SparkConnectServer
    from pyspark.sql.connect.client.core import ChannelBuilder

log = logging.getLogger(__name__)

# All sessions share one connection. A connection is lost only after an error of the protocol.
_CONNECTIONS = 16
_SECONDS_TO_ACCEPT = 10.0
_SECONDS_TO_START = 60.0  # other programs connect to something all the time
_CHUNK = 2**20
# Sail compresses its results if the client accepts gzip: 6 of 7 seconds of a large result. The bits
# of the option stand for algorithms; the lowest one is "none".
_UNCOMPRESSED = ("grpc.compression_enabled_algorithms_bitset", 1)
_COUNTERS = Path("/proc/net/snmp")  # Linux only


class PrivateServer:
    """A running server. `channel_builder` is the only way to it."""

    def __init__(self, connections: int = _CONNECTIONS) -> None:
        """Start the server, and close its port.

        Raises `MedallionError` if the port cannot be closed, or if other programs connect to a port
        of this machine during each attempt.
        """
        # Sail stops when nothing refers to its server.
        self._server, self._spare = _connected(connections)
        self._folder = Path(tempfile.mkdtemp(prefix="medallion-", dir=temporary()))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def path(self) -> Path:
        """The Unix socket's path."""
        return self._folder / "engine.sock"

    @property
    def exhausted(self) -> bool:
        """Whether the last connection is lost, so that only a new process gets a server."""
        return self._listener.fileno() < 0

    def channel_builder(self) -> "ChannelBuilder":
        """What `SparkSession.builder.channelBuilder` needs."""
        from pyspark.sql.connect.client.core import ChannelBuilder

        target = f"unix:{self.path}"

        class Builder(ChannelBuilder):
            @property
            def host(self) -> str:
                return "localhost"

            def toChannel(self) -> Any:
                self.setChannelOption(*_UNCOMPRESSED)
                # Sail refuses requests that name a path as their host.
                self.setChannelOption("grpc.default_authority", "localhost")
                self.setChannelOption("grpc.client_idle_timeout_ms", 2**31 - 1)
                return self._insecure_channel(target)

        return Builder()

    def close(self) -> None:
        """Remove the socket. The server ends with this process."""
        with suppress(OSError):
            self._listener.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if not self._spare:
                log.error("the connections to the engine are lost: restart the warehouse")
                self.close()
                client.close()
                return
            _relay(client, self._spare.pop())


def _relay(client: socket.socket, server: socket.socket) -> None:
    """Copy bytes both ways until one side closes."""
    for source, target in ((client, server), (server, client)):
        threading.Thread(target=_copy, args=(source, target), daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    buffer = memoryview(bytearray(_CHUNK))
    with suppress(OSError):
        while count := source.recv_into(buffer):
            target.sendall(buffer[:count])
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


def _connected(count: int) -> tuple["SparkConnectServer", list[socket.socket]]:
    """A new server, whose port is closed, and `count` connections to it.

    The port is open for some milliseconds. If anybody else connects to anything on this machine
    meanwhile, it might have been to the port: that server is given up, and another one started.
    """
    end = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < end:
        before = _accepted_by_system()
        server, connections, foreign = _start(count)
        after = _accepted_by_system()
        if not foreign and (before is None or after is None or after - before == count):
            return server, connections
        for one in connections:
            one.close()
        server.stop()
    raise MedallionError(
        "The warehouse did not start, because other programs connected to ports of this machine "
        f"during each attempt of {_SECONDS_TO_START:.0f} s: run the command again."
    )


def _start(count: int) -> tuple["SparkConnectServer", list[socket.socket], int]:
    """A new server, connections to it, and the number of connections that others have to it."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    address = server.listening_address
    assert address is not None
    connections = [socket.create_connection(address) for _ in range(count)]
    own = {one.getsockname() for one in connections}
    end = time.monotonic() + _SECONDS_TO_ACCEPT
    # The system ends connections that the server has not accepted when its port is closed.
    while not own <= {peer for _, peer in _sockets_at(address)} and time.monotonic() < end:
        time.sleep(0.0005)
    found = list(_sockets_at(address))
    listening = [descriptor for descriptor, peer in found if peer is None]
    if len(listening) != 1 or not own <= {peer for _, peer in found}:
        raise MedallionError(
            "The embedded engine's own port cannot be closed on this system, and would answer "
            "every user of this machine: run `medallion up --engine spark`."
        )
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, listening[0], inheritable=False)
    os.close(nothing)
    for one in connections:
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # Again, because somebody may have connected since.
    return server, connections, sum(1 for _, peer in _sockets_at(address) if peer not in own)


def _sockets_at(address: tuple[str, int]) -> Iterator[tuple[int, object]]:
    """This process's descriptors at a port: each with its peer's address, None for the listener."""
    for entry in Path("/dev/fd").iterdir():
        descriptor = int(entry.name)
        with suppress(OSError):  # it was closed meanwhile
            if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
                continue
            with socket.socket(fileno=os.dup(descriptor)) as one:
                if one.family == socket.AF_INET and one.getsockname() == address:
                    listens = one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
                    yield descriptor, None if listens else one.getpeername()


def _accepted_by_system() -> int | None:
    """The number of TCP connections that the system's listeners ever accepted; None if unknown."""
    try:
        rows = [row.split() for row in _COUNTERS.read_text().splitlines() if row[:4] == "Tcp:"]
    except OSError:
        return None
    return int(dict(zip(*rows, strict=True))["PassiveOpens"])
