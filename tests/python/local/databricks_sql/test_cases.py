"""Inputs that this warehouse once answered wrongly. Outside checks run others of their classes."""

import json
from pathlib import Path

import pytest

from support.warehouse_sql import a_warehouse

# `shared` lies beside the repository.
FILE = Path(__file__).parents[5] / "shared" / "cases" / "warehouse.json"
CASES = json.loads(FILE.read_text()) if FILE.exists() else []


warehouse = a_warehouse(
    "create schema cases",
)


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
