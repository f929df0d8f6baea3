"""Accepted statements: their results, how much was fetched, and how they are cancelled.

The Thrift service and the Statement Execution API share them.
"""

import threading
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillRunning
from contextlib import suppress

import pyarrow as pa

from medallion_local.databricks_sql.engine import STATEMENTS_AT_ONCE, Engine, Result
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.protocol.read_ahead import read_ahead

CLOSED = SqlError("[INVALID_HANDLE.OPERATION_NOT_FOUND] Invalid OperationHandle: it was closed.")
_CANCELLED = SqlError("[OPERATION_CANCELED] The statement was cancelled.")


class Operation:
    """A statement of a session. Its rows are read once, in pieces of bounded size."""

    def __init__(self, session: bytes, limit: int | None, result: Future) -> None:
        self.id = uuid.uuid4()
        self.session = session
        self.future = result
        self.cancelled = False
        self.offset = 0
        self._limit = limit
        self._closed = False
        self._lock = threading.Lock()
        self._rows: Iterator[pa.RecordBatch] | None = None
        self._next: pa.RecordBatch | None = None

    def ended(self, seconds: float) -> bool:
        """Whether the statement has ended, after waiting at most so long."""
        with suppress(StillRunning, BaseException):
            self.future.exception(timeout=seconds)
        return self.future.done() or self.cancelled

    @property
    def error(self) -> BaseException | None:
        """Why the ended statement failed, or None."""
        if self.cancelled or self.future.cancelled():
            return _CANCELLED
        return self.future.exception()

    @property
    def result(self) -> Result:
        """The result. Waits for it, and raises the statement's error."""
        if self.cancelled:
            raise _CANCELLED
        return self.future.result()

    def take(self, rows: int, size: int) -> tuple[int, list[pa.RecordBatch], bool]:
        """The next batches of at most so many rows and bytes, but at least one row.

        Returns the position of their first row, the batches, and whether there are more.
        """
        result = self.result
        with self._lock:
            if self._closed:
                raise CLOSED
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

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[bytes, Operation] = {}
        self._pool = ThreadPoolExecutor(STATEMENTS_AT_ONCE, "statement")

    def start(
        self, session: bytes, work: Callable[[], Result], limit: int | None = None
    ) -> Operation:
        """Run `work` in a thread of the pool."""
        future: Future = Future()
        operation = Operation(session, limit, future)
        tag = str(operation.id)

        def run() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                with self._engine.interruptible(tag):
                    result = work()
            except BaseException as error:
                future.set_exception(error)
            else:
                future.set_result(result)
                if operation.cancelled:
                    operation.close()

        self._known[operation.id.bytes] = operation
        self._pool.submit(run)
        return operation

    def find(self, guid: bytes) -> Operation | None:
        """The operation of that id, unless it was closed."""
        return self._known.get(guid)

    def close(self, guid: bytes) -> None:
        """Forget an operation, and release its result."""
        operation = self._known.pop(guid, None)
        if operation is None:
            return
        if not operation.future.done():
            self._interrupt(operation)
        else:
            operation.close()

    def cancel(self, guid: bytes) -> None:
        """Interrupt a statement, or discard the rest of its result. Its state stays known."""
        operation = self._known.get(guid)
        if operation is not None:
            self._interrupt(operation)

    def close_session(self, session: bytes) -> None:
        """Close all operations of a session."""
        for guid, operation in list(self._known.items()):
            if operation.session == session:
                self.close(guid)

    def _interrupt(self, operation: Operation) -> None:
        ended = operation.future.done()
        operation.cancelled = True
        operation.future.cancel()
        self._engine.interrupt(str(operation.id))
        if ended:
            operation.close()


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
