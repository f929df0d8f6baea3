"""Statements end on the engine when their time is over, or when nobody waits for them."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from medallion.home import Home
from medallion_local import certificates
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from medallion_local.databricks_sql.protocol.http import server
from medallion_local.databricks_sql.protocol.operations import Operation, Operations, Patience
from medallion_local.databricks_sql.protocol.service import Service
from medallion_local.databricks_sql.server import open_warehouse
from medallion_local.databricks_sql.statements import Warehouse

LONG = "select count(*) from range(1000000) a cross join range(1000000) b where a.id * b.id % 7 = 3"
WAIT = 120  # seconds; on a quiet machine, less than one is needed
LASTING = Patience(period=0.05)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Iterator[Warehouse]:
    """A warehouse on Sail in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MEDALLION_HOME", str(tmp_path_factory.mktemp("home")))
        # A worker of pytest-xdist has no main file. pyspark then looks for its own test classes,
        # which pyspark-client lacks, and ends the process.
        patch.setattr(sys.modules["__main__"], "__file__", __file__, raising=False)
        made = open_warehouse()
        yield made
        made.engine.disconnect()
        made.catalog.close()
        made.engine.stop()


def started(warehouse: Warehouse, patience: Patience, **limits) -> tuple[Operations, Operation]:
    """A long statement of the session `s`, which has begun on the engine."""
    operations, begun = Operations(warehouse.engine, patience), threading.Event()

    def work():
        begun.set()
        return warehouse.engine.query(LONG)

    operation = operations.start(b"s", work, **limits)
    assert begun.wait(WAIT)
    return operations, operation


def end_of(operation: Operation) -> str:
    """The error with which the engine's statement ended, which is raised in its own thread."""
    error = operation.future.exception(timeout=WAIT)
    assert isinstance(error, SqlError)
    return str(error)


@pytest.mark.parametrize(
    "close",
    [
        lambda operations, guid: operations.close(guid),
        lambda operations, guid: operations.cancel(guid),
        lambda operations, guid: operations.close_session(b"s"),
    ],
    ids=["operation", "cancel", "session"],
)
def test_a_closed_statement_ends(warehouse, close):
    operations, operation = started(warehouse, LASTING)
    close(operations, operation.id.bytes)
    assert "[OPERATION_CANCELED]" in end_of(operation)


def test_a_statement_about_which_nobody_asks_ends(warehouse):
    operations, operation = started(warehouse, Patience(without_requests=0.5, period=0.05))
    assert not operation.ended(1.5)  # a request that waits keeps it
    assert "[OPERATION_CANCELED]" in end_of(operation)
    assert operations.find(operation.id.bytes) is None


def test_a_result_that_nobody_fetches_is_released(warehouse):
    operations = Operations(warehouse.engine, Patience(without_requests=0.3, period=0.05))
    operation = operations.start(b"s", lambda: warehouse.engine.query("select * from range(9)"))
    assert operation.ended(WAIT)
    end = time.monotonic() + WAIT
    while operations.find(operation.id.bytes) is not None and time.monotonic() < end:
        time.sleep(0.05)
    with pytest.raises(SqlError, match="OPERATION_CANCELED"):
        operation.take(1, 1)


def test_a_statement_whose_time_is_over_ends(warehouse):
    _, operation = started(warehouse, LASTING, seconds=0.5)
    assert operation.ended(WAIT)
    assert "[QUERY_EXECUTION_TIMEOUT_EXCEEDED]" in str(operation.error)
    assert "the timeout (0.5s)" in str(operation.error)
    assert "[OPERATION_CANCELED]" in end_of(operation)


def test_a_fetch_whose_time_is_over_ends(warehouse):
    """The first rows come at once, and the next ones after hours."""
    rows = "select id from range(100000) union all select * from (" + LONG + ")"
    operations = Operations(warehouse.engine, LASTING)
    operation = operations.start(b"s", lambda: warehouse.engine.query(rows), seconds=1)
    with pytest.raises(SqlError, match="QUERY_EXECUTION_TIMEOUT_EXCEEDED"):
        while operation.take(2**30, 2**30)[2]:
            pass


def test_a_client_that_comes_back_keeps_its_statement(warehouse):
    operations, operation = started(warehouse, Patience(without_client=0.5, period=0.05))
    clients = operations.clients
    for connection in ("one", "other"):
        with clients.on(connection):
            clients.seen(b"s")
    clients.left("one")
    assert not operation.ended(1.5)
    clients.left("other")
    with clients.on("third"):
        assert operations.find(operation.id.bytes) is operation
    assert not operation.ended(1.5)
    clients.left("third")
    assert "[OPERATION_CANCELED]" in end_of(operation)


CLIENT = """
import sys
from pathlib import Path
from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import client
from medallion_local.databricks_sql.lifecycle.state import State
connection = client.connect(Home(Path(sys.argv[1])), State(int(sys.argv[2]), "secret"))
connection.cursor().execute(sys.argv[3])
"""


def test_a_client_that_is_killed_leaves_no_statement(warehouse, tmp_path):
    """It waits for its statement meanwhile, so its connection ends without TLS' own end."""
    service = Service(warehouse, Patience(without_client=0.5, period=0.05))
    tls = certificates.server_context(certificates.ensure(files_of(Home(tmp_path))))
    listening = server(service, 0, "secret", tls)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    command = [sys.executable, "-c", CLIENT, str(tmp_path), str(listening.server_port), LONG]
    try:
        with subprocess.Popen(command) as waiting:
            while not service.operations._known:
                assert waiting.poll() is None
                time.sleep(0.05)
            [operation] = service.operations._known.values()
            assert not operation.ended(1.5)
            waiting.kill()
        assert "[OPERATION_CANCELED]" in end_of(operation)
    finally:
        listening.shutdown()
        thread.join()
        listening.server_close()
