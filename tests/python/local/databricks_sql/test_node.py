"""Node's `@databricks/sql`: metadata, results, parameters, errors and cancel."""

import json
import os
import subprocess

import pytest

from medallion_local.databricks_sql.lifecycle.exports import variables
from support import drivers
from support.howto import blocks
from support.places import PROJECT
from support.warehouse_sql import a_warehouse

pytestmark = pytest.mark.long

CLIENT = PROJECT / "tests" / "python" / "support" / "node_client" / "node_client.mjs"

warehouse = a_warehouse(*drivers.STATEMENTS, engines=None)


@pytest.fixture(scope="module")
def folder():
    """The folder with `node_modules`."""
    return drivers.node_modules()


@pytest.fixture(scope="module")
def run(warehouse, folder):
    """Run a script of Node with the variables of `medallion up --env`."""

    def running(*command) -> str:
        address = variables(warehouse.home, warehouse.state)
        done = subprocess.run(
            ["node", *map(str, command)],
            env=os.environ | address | {"NODE_PATH": str(folder / "node_modules")},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    return running


@pytest.fixture(scope="module")
def answers(run, folder):
    return json.loads(run(CLIENT, folder))


def names(rows: list[dict], column: str) -> list:
    return [row[column] for row in rows]


def test_the_script_of_the_page(run, tmp_path):
    [script] = [one for one in blocks("local_warehouse.md") if one.language == "javascript"]
    (tmp_path / "query.cjs").write_text(script.text)
    assert run(tmp_path / "query.cjs").endswith("\n[ { one: 1 } ]\n")


def test_metadata(answers):
    assert names(answers["catalogs"], "TABLE_CAT") == ["medallion", "system"]
    assert answers["schemas"] == [{"TABLE_SCHEM": "s", "TABLE_CATALOG": "medallion"}]
    tables = [(row["TABLE_NAME"], row["TABLE_TYPE"], row["REMARKS"]) for row in answers["tables"]]
    assert tables == [
        ("child", "TABLE", "a table"),
        ("kinds", "TABLE", ""),
        ("parent", "TABLE", ""),
        ("v", "VIEW", ""),
    ]
    assert names(answers["views"], "TABLE_NAME") == ["v"]
    assert names(answers["table types"], "TABLE_TYPE") == ["TABLE", "VIEW"]
    columns = [
        (row["COLUMN_NAME"], row["DATA_TYPE"], row["TYPE_NAME"], row["REMARKS"])
        for row in answers["columns"]
    ]
    assert columns == [
        ("id", 4, "INT", "the key"),
        ("name", 12, "STRING", ""),
        ("amount", 3, "DECIMAL(7,2)", ""),
    ]
    assert answers["functions"] == []
    assert answers["type info"] > 10


def test_keys(answers):
    [primary] = answers["primary keys"]
    assert (primary["TABLE_NAME"], primary["COLUMN_NAME"], primary["PK_NAME"]) == (
        "parent",
        "id",
        "pk",
    )
    [foreign] = answers["cross reference"]
    assert (foreign["PKTABLE_NAME"], foreign["FKTABLE_NAME"], foreign["FK_NAME"]) == (
        "parent",
        "child",
        "fk",
    )


def test_values(answers):
    first, second = answers["values"]
    assert first == {
        "a_boolean": True,
        "a_tinyint": 1,
        "a_smallint": 2,
        "a_int": 3,
        "a_bigint": 4,
        "a_float": 1.5,
        "a_double": 2.5,
        "a_decimal": 12.34,
        "a_string": "text",
        "a_binary": {"type": "Buffer", "data": [0x41, 0x42]},
        "a_date": "2024-02-29T00:00:00.000Z",
        "a_timestamp": "2024-02-29T01:02:03.500Z",
        "a_ntz": "2024-02-29T01:02:03.000Z",
        "an_array": [1, None],
        "a_map": {"k": 1},
        "a_struct": {"a": 1, "b": "x"},
        "a_varchar": "abc",
    }
    assert second == dict.fromkeys(first) | {"a_int": 4}


def test_results_arrive_in_pieces(answers):
    assert answers["no rows"] == []
    assert answers["many rows"] == [250000, 249999]
    assert answers["pieces"] == [4, 4, 2]
    assert answers["the session"] == [{"c": "medallion", "s": "s"}]


def test_parameters(answers):
    assert answers["named parameters"] == [
        {"i": 7, "t": "it's a \\ ? `", "b": True, "x": 1.5, "n": None, "d": "date"}
    ]
    assert answers["ordinal parameters"] == [{"name": "a"}, {"name": "b"}]
    assert answers["a missing parameter"]["error"].startswith("[UNBOUND_SQL_PARAMETER]")


def test_changes(answers):
    assert answers["created"] == []
    assert answers["inserted"] == [{"num_affected_rows": 2, "num_inserted_rows": 2}]
    assert answers["written"] == [{"id": 1, "name": "a"}, {"id": 2, "name": "b"}]


def test_errors_and_cancel(answers):
    assert "SQLSTATE: 42P01" in answers["a missing table"]["error"]
    assert "SQLSTATE: 22012" in answers["a division by zero"]["error"]
    assert "SQLSTATE: HY008" in answers["cancelled"]["error"]
    assert answers["after the errors"] == [{"one": 1}]
