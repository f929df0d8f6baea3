"""Which sessions still have a client: one that was killed closes its connections, and no session.

A client with a running statement asks about it within seconds. A new connection after a lost one
therefore comes soon, and a session without a connection for longer has lost its client.
"""

import threading
import time
from collections.abc import Hashable, Iterator
from contextlib import contextmanager


class Clients:
    """The open connections of each session."""

    def __init__(self) -> None:
        self._here = threading.local()
        self._guard = threading.Lock()
        self._connections: dict[bytes, set[Hashable]] = {}
        self._left: dict[bytes, float] = {}

    @contextmanager
    def on(self, connection: Hashable) -> Iterator[None]:
        """Take the sessions that this thread sees inside the block for those of a connection."""
        self._here.connection = connection
        try:
            yield
        finally:
            self._here.connection = None

    def seen(self, session: bytes) -> None:
        """Note a request for a session."""
        connection = getattr(self._here, "connection", None)
        if connection is not None:
            with self._guard:
                self._connections.setdefault(session, set()).add(connection)
                self._left.pop(session, None)

    def left(self, connection: Hashable) -> None:
        """Note that a client closed a connection."""
        with self._guard:
            for session, connections in self._connections.items():
                if connection in connections:
                    connections.discard(connection)
                    if not connections:
                        self._left[session] = time.monotonic()

    def forget(self, session: bytes) -> None:
        """Forget a session that was closed."""
        with self._guard:
            self._connections.pop(session, None)
            self._left.pop(session, None)

    def have_left(self, session: bytes, seconds: float) -> bool:
        """Whether a session has had no connection for so long, because its client closed all."""
        since = self._left.get(session)
        return since is not None and time.monotonic() - since > seconds
