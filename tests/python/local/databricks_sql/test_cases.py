"""Inputs that this warehouse once answered wrongly. Outside checks run others of their classes."""

import json
from pathlib import Path

import pytest

from medallion.home import Home
from medallion_local.databricks_sql import process
from support.warehouse_sql import ENGINES, Started, close_all

# `shared` lies beside the repository.
FILE = Path(__file__).parents[5] / "shared" / "cases" / "warehouse.json"
CASES = json.loads(FILE.read_text()) if FILE.exists() else []


@pytest.fixture(scope="module", params=ENGINES)
def warehouse(request, tmp_path_factory):
    home = Home(tmp_path_factory.mktemp(f"cases-{request.param}"))
    started = Started(home, request.param)
    started.run("create schema cases")
    yield started
    close_all()
    process.stop(home)


@pytest.mark.skipif(not CASES, reason="../shared/cases/warehouse.json is not on this machine")
@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_a_case_is_answered_correctly_or_refused_by_name(warehouse, case):
    connection = warehouse.connect()
    warehouse.run("use cases", connection)
    for statement in case["setup"]:
        warehouse.run(statement, connection)
    ask = case["ask"].replace("{schema}", "cases")
    if "error" in case:
        with pytest.raises(Exception, match=case["error"]):
            warehouse.rows(ask, connection)
        return
    rows = warehouse.rows(ask, connection)
    assert [[None if cell is None else str(cell) for cell in row] for row in rows] == case["expect"]
