"""Read a result's next batches while the client reads those that it has."""

import threading
from collections import deque
from collections.abc import Iterator

import pyarrow as pa

_MOST_BYTES = 32 * 1024**2


def read_ahead(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """The same batches. From the third on, a thread reads up to 32 MiB more than was taken.

    An error of `batches` is raised where its batch would be. Closing the iterator closes `batches`.
    """
    for _ in range(2):  # a small result needs no thread
        try:
            yield next(batches)
        except StopIteration:
            return
        except GeneratorExit:
            _close(batches)
            raise
    ahead = _Ahead(batches)
    try:
        yield from ahead
    finally:
        ahead.stop()


class _Ahead:
    """The batches that were read and not taken."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._read: deque[pa.RecordBatch] = deque()
        self._bytes = 0
        self._changed = threading.Condition()
        self._ended = self._stopped = False
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name="read-ahead", daemon=True).start()

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._read or self._ended)
                if not self._read:
                    if self._error is not None:
                        raise self._error
                    return
                batch = self._read.popleft()
                self._bytes -= batch.nbytes
                self._changed.notify_all()
            yield batch

    def stop(self) -> None:
        """Read no more. The thread closes the source after the batch for which it waits."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            for batch in self._batches:
                with self._changed:
                    self._read.append(batch)
                    self._bytes += batch.nbytes
                    self._changed.notify_all()
                    self._changed.wait_for(lambda: self._stopped or self._bytes < _MOST_BYTES)
                    if self._stopped:
                        break
            _close(self._batches)
        except BaseException as error:
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()


def _close(batches: Iterator[pa.RecordBatch]) -> None:
    close = getattr(batches, "close", None)
    if close is not None:
        close()
