"""The Statement Execution API: inline results, polling, cancel and errors."""

import base64
import json
import urllib.error
import urllib.request

import pyarrow as pa
import pytest

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import process
from medallion_local.databricks_sql.lifecycle.certificates import files_of
from support.warehouse_sql import Started, close_all

LONG = (
    "select count(*) from range(1000000) a cross join range(1000000) b where (a.id * b.id) % 7 = 3"
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory):
    started = Started(Home(tmp_path_factory.mktemp("statements")))
    yield started
    close_all()
    process.stop(started.home)


@pytest.fixture
def call(warehouse):
    """Send a request. Returns the status and the JSON of the answer."""
    import ssl

    context = ssl.create_default_context(cafile=files_of(warehouse.home).authority)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )

    def send(method: str, path: str, body: dict | None = None, token: str | None = None):
        request = urllib.request.Request(
            f"https://{warehouse.state.host}/api/2.0/sql/{path}",
            json.dumps(body).encode() if body is not None else None,
            {"Authorization": f"Bearer {token or warehouse.state.token}"},
            method=method,
        )
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    return send


def run(call, statement: str, **more):
    return call("POST", "statements", {"statement": statement, "warehouse_id": "local", **more})[1]


def test_a_result_with_parameters(call):
    answer = run(
        call,
        "select :x as x, :n as n, 1.50 as d, timestamp'2024-01-01 00:00:00.5' as t, array(1) as l",
        parameters=[{"name": "x", "value": "5", "type": "INT"}, {"name": "n", "type": "STRING"}],
    )
    assert answer["status"] == {"state": "SUCCEEDED"}
    assert answer["result"]["data_array"] == [
        ["5", None, "1.50", "2024-01-01T00:00:00.500Z", "[1]"]
    ]
    columns = answer["manifest"]["schema"]["columns"]
    assert [one["type_name"] for one in columns] == [
        "INT",
        "STRING",
        "DECIMAL",
        "TIMESTAMP",
        "ARRAY",
    ]
    assert call("GET", f"statements/{answer['statement_id']}")[1] == answer
    chunk = call("GET", f"statements/{answer['statement_id']}/result/chunks/0")[1]
    assert chunk == answer["result"]


def test_arrow_and_a_row_limit(call):
    answer = run(call, "select id from range(100)", format="ARROW_STREAM", row_limit=7)
    stream = base64.b64decode(answer["result"]["attachment"])
    assert pa.ipc.open_stream(stream).read_all().num_rows == 7
    assert answer["manifest"]["truncated"]


def test_an_error_has_its_condition_and_sqlstate(call):
    status = run(call, "select 1 / 0")["status"]
    assert status["state"] == "FAILED"
    assert status["error"]["message"].startswith("[DIVIDE_BY_ZERO]")
    assert status["sql_state"] == "22012"


def test_a_long_statement_is_polled_and_cancelled(call):
    answer = run(call, LONG, wait_timeout="0s")
    assert answer["status"] == {"state": "RUNNING"}
    path = f"statements/{answer['statement_id']}"
    assert call("POST", f"{path}/cancel")[0] == 200
    assert call("GET", path)[1]["status"]["state"] == "CANCELED"


def test_wrong_requests_are_refused(call):
    assert call("GET", "warehouses", token="wrong")[0] == 401
    assert call("GET", "statements/nope")[0] == 404
    body = {"statement": "select 1", "warehouse_id": "local"}
    for more in ({"disposition": "EXTERNAL_LINKS"}, {"wait_timeout": "1s"}, {"warehouse_id": "x"}):
        assert call("POST", "statements", body | more)[0] == 400
    assert [one["id"] for one in call("GET", "warehouses")[1]["warehouses"]] == ["local"]


def test_the_sdk_executes_a_statement(warehouse, monkeypatch):
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.sql import StatementParameterListItem, StatementState

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(files_of(warehouse.home).authority))
    client = WorkspaceClient(
        host=f"https://{warehouse.state.host}", token=warehouse.state.token, auth_type="pat"
    )
    assert [one.id for one in client.warehouses.list()] == ["local"]
    answer = client.statement_execution.execute_statement(
        "select :x + 1 as y",
        "local",
        parameters=[StatementParameterListItem(name="x", value="1", type="INT")],
    )
    assert answer.status.state == StatementState.SUCCEEDED
    assert answer.result.data_array == [["2"]]
