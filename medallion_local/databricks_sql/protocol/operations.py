"""Accepted statements: their results, how much was fetched, and how they are cancelled.

The Thrift service and the Statement Execution API share them. A statement also ends when its time
is over, and when nobody waits for it any more.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pyarrow as pa

from medallion_local.databricks_sql.engine import STATEMENTS_AT_ONCE, Engine, Result
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.protocol.clients import Clients
from medallion_local.databricks_sql.protocol.read_ahead import read_ahead
from medallion_local.databricks_sql.protocol.row_sets import Form

log = logging.getLogger(__name__)

CLOSED = SqlError("[INVALID_HANDLE.OPERATION_NOT_FOUND] Invalid OperationHandle: it was closed.")
_CANCELLED = SqlError("[OPERATION_CANCELED] The statement was cancelled.")


def timed_out(seconds: float | None) -> SqlError:
    """The error of a statement that ran for longer than `STATEMENT_TIMEOUT`."""
    return SqlError(
        "[QUERY_EXECUTION_TIMEOUT_EXCEEDED] Query execution was cancelled due to exceeding the "
        f"timeout ({seconds or 0:g}s)."
    )


@dataclass(frozen=True)
class Patience:
    """Seconds until a statement is closed that nobody waits for.

    `without_requests` is the time since the last request for it. `without_client` counts from the
    moment when the client closed its session's last connection, while the statement runs. `period`
    is the time between two checks.
    """

    without_requests: float = 3600
    without_client: float = 60
    period: float = 0.5


class Operation:
    """A statement of a session. Its rows are read once, in pieces of bounded size.

    `ended_by` is the error of a statement that was ended from outside. `seconds` is how long it may
    run; None is without a limit.
    """

    def __init__(
        self, session: bytes, limit: int | None, result: Future, seconds: float | None = None
    ) -> None:
        self.id = uuid.uuid4()
        self.session = session
        self.future = result
        self.ended_by: SqlError | None = None
        self.seconds = seconds
        self.form = Form()
        self.begun: float | None = None
        self.offset = 0
        self.is_read = False
        self._asked = time.monotonic()
        self._requests = 0
        self._fetches = 0
        self._counts = threading.Lock()
        self._limit = limit
        self._closed = False
        self._lock = threading.Lock()
        self._rows: Iterator[pa.RecordBatch] | None = None
        self._next: pa.RecordBatch | None = None

    def ended(self, seconds: float) -> bool:
        """Whether the statement has ended, after waiting at most so long."""
        with self._asked_for(), suppress(StillRunning, BaseException):
            self.future.exception(timeout=seconds)
        return self.future.done() or self.ended_by is not None

    @property
    def cancelled(self) -> bool:
        """Whether the client cancelled the statement."""
        return self.ended_by is _CANCELLED

    @property
    def failed(self) -> bool:
        """Whether the statement has ended with an error of its own."""
        return self.future.done() and self.future.exception() is not None

    @property
    def is_computing(self) -> bool:
        """Whether the engine works on it: the statement runs, or a client waits for its rows."""
        return not self.future.done() or self._fetches > 0

    @property
    def overran(self) -> bool:
        """Whether it computes for longer than it may."""
        if self.seconds is None or self.begun is None or not self.is_computing:
            return False
        return time.monotonic() - self.begun > self.seconds

    @property
    def unasked(self) -> float:
        """Seconds since the end of the last request for it."""
        return 0.0 if self._requests else time.monotonic() - self._asked

    @contextmanager
    def _asked_for(self, fetches: int = 0) -> Iterator[None]:
        with self._counts:
            self._requests += 1
            self._fetches += fetches
        try:
            yield
        finally:
            with self._counts:
                self._requests -= 1
                self._fetches -= fetches
                self._asked = time.monotonic()

    @property
    def error(self) -> BaseException | None:
        """Why the ended statement failed, or None."""
        if self.ended_by is not None or self.future.cancelled():
            return self.ended_by or _CANCELLED
        return self.future.exception()

    @property
    def result(self) -> Result:
        """The result. Waits for it, and raises the statement's error."""
        if self.ended_by is not None:
            raise self.ended_by
        return self.future.result()

    def take(self, rows: int, size: int) -> tuple[int, list[pa.RecordBatch], bool]:
        """The next batches of at most so many rows and bytes, but at least one row.

        Returns the position of their first row, the batches, and whether there are more.
        """
        result = self.result
        with self._asked_for(fetches=1), self._lock:
            if self._closed:
                raise self.ended_by or CLOSED
            try:
                return self._taken(result, rows, size)
            except SqlError as error:
                raise self.ended_by or error from None

    def _taken(
        self, result: Result, rows: int, size: int
    ) -> tuple[int, list[pa.RecordBatch], bool]:
        if self._rows is None:
            self._rows = _limited(read_ahead(result.batches), self._limit)
        taken: list[pa.RecordBatch] = []
        start = self.offset
        while (batch := self._ahead()) is not None and rows > 0 and (size > 0 or not taken):
            fits = min(rows, batch.num_rows)
            if batch.nbytes > size:
                fits = min(fits, max(1, batch.num_rows * max(size, 0) // batch.nbytes))
                if fits < batch.num_rows and taken:
                    break
            piece = batch if fits == batch.num_rows else batch.slice(0, fits)
            self._next = None if fits == batch.num_rows else batch.slice(fits)
            taken.append(piece)
            rows, size = rows - fits, size - piece.nbytes
            self.offset += fits
        return start, taken, self._ahead() is not None

    def _ahead(self) -> pa.RecordBatch | None:
        """The next batch that has rows, which stays the next one."""
        assert self._rows is not None
        while self._next is None:
            self._next = next(self._rows, None)
            if self._next is None:
                self.is_read = True
                return None
            if not self._next.num_rows:
                self._next = None
        return self._next

    def close(self) -> None:
        """Release the result. A fetch that runs in another thread ends first."""
        self._closed = True
        with self._lock:
            rows, self._rows, self._next = self._rows, iter(()), None
            if rows is None and self.future.done() and not self.future.cancelled():
                with suppress(BaseException):
                    rows = self.future.result().batches
            close = getattr(rows, "close", None)
            if close is not None:
                close()


class Operations:
    """The statements that run or whose results were not fetched to their end."""

    def __init__(self, engine: Engine, patience: Patience | None = None) -> None:
        self.clients = Clients()
        self._engine = engine
        self._patience = patience or Patience()
        self._known: dict[bytes, Operation] = {}
        self._ending: dict[bytes, Operation] = {}
        self._pool = ThreadPoolExecutor(STATEMENTS_AT_ONCE, "statement")
        threading.Thread(target=self._watch, name="statements", daemon=True).start()

    def start(
        self,
        session: bytes,
        work: Callable[[], Result],
        limit: int | None = None,
        seconds: float | None = None,
    ) -> Operation:
        """Run `work` in a thread of the pool, for at most `seconds`."""
        future: Future = Future()
        operation = Operation(session, limit, future, seconds)
        tag = str(operation.id)

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            operation.begun = time.monotonic()
            try:
                with self._engine.interruptible(tag):
                    result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
                if operation.ended_by is not None:
                    operation.close()

        self._known[operation.id.bytes] = operation
        self._pool.submit(run)
        return operation

    def find(self, guid: bytes) -> Operation | None:
        """The operation of that id for a client's request, unless it was closed."""
        operation = self._known.get(guid)
        if operation is not None:
            self.clients.seen(operation.session)
        return operation

    def close(self, guid: bytes) -> None:
        """Forget an operation, and release its result."""
        operation = self._known.pop(guid, None)
        if operation is None:
            return
        if operation.is_read:
            operation.close()
        else:
            self._end(operation, _CANCELLED)

    def cancel(self, guid: bytes) -> None:
        """Interrupt a statement, or discard the rest of its result. Its state stays known."""
        operation = self._known.get(guid)
        if operation is not None:
            self._end(operation, _CANCELLED)

    def close_session(self, session: bytes) -> None:
        """Close all operations of a session."""
        for guid, operation in list(self._known.items()):
            if operation.session == session:
                self.close(guid)
        self.clients.forget(session)

    def _end(self, operation: Operation, error: SqlError) -> None:
        operation.ended_by = operation.ended_by or error
        if operation.future.cancel() or operation.failed:
            return
        self._ending[operation.id.bytes] = operation
        self._engine.interrupt(str(operation.id))
        if not operation.is_computing:
            operation.close()

    def _watch(self) -> None:
        """End the statements whose time is over, or for which nobody waits, until the process ends.

        An interrupt misses a query that the engine has not yet begun, so it is repeated.
        """
        while True:
            time.sleep(self._patience.period)
            try:
                self._check()
            except Exception:
                log.exception("the running statements were not checked")

    def _check(self) -> None:
        for guid, operation in list(self._known.items()):
            if operation.ended_by is None and operation.overran:
                self._end(operation, timed_out(operation.seconds))
            elif self._is_abandoned(operation):
                log.info("statement %s is closed: nobody waits for it", operation.id)
                self.close(guid)
        for guid, operation in list(self._ending.items()):
            if operation.is_computing:
                self._engine.interrupt(str(operation.id))
            else:
                del self._ending[guid]
                operation.close()

    def _is_abandoned(self, operation: Operation) -> bool:
        if operation.unasked > self._patience.without_requests:
            return True
        alone = self._patience.without_client
        return not operation.future.done() and self.clients.have_left(operation.session, alone)


def _limited(batches: Iterator[pa.RecordBatch], limit: int | None) -> Iterator[pa.RecordBatch]:
    """The first `limit` rows. The rest is not read."""
    if limit is None or limit < 0:
        return batches

    def first(left: int) -> Iterator[pa.RecordBatch]:
        try:
            for batch in batches:
                if left <= 0:
                    return
                yield batch.slice(0, left)
                left -= batch.num_rows
        finally:
            close = getattr(batches, "close", None)
            if close is not None:
                close()

    return first(limit)
