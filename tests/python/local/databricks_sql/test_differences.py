"""The table of Sail's differences: each row on both engines, and on Sail without the rules."""

import subprocess
import sys
from pathlib import Path

import pytest

from medallion_local.databricks_sql.sail.differences import DIFFERENCES, Answer, Difference
from support.raw_sail import condition, shown
from support.warehouse_sql import a_warehouse

ROWS = [pytest.param(each, id=each.name) for each in DIFFERENCES]
PROGRAMS = Path(__file__).parents[2]


warehouse = a_warehouse()


@pytest.mark.parametrize("difference", ROWS)
def test_an_engine_answers_as_databricks(warehouse, difference: Difference):
    *setup, asked = difference.statement.split("; ")
    for statement in setup:
        warehouse.run(statement)
    try:
        answer: Answer = shown(warehouse.rows(asked))
    except Exception as error:
        answer = condition(error)
    refused = difference.action == "refused" and warehouse.state.engine == "sail"
    assert answer == ("UNSUPPORTED_FEATURE" if refused else difference.answer)


def test_sail_itself_still_answers_differently():
    python = [sys.executable, "-m", "support.raw_sail"]
    done = subprocess.run(python, capture_output=True, text=True, timeout=120, cwd=PROGRAMS)
    assert (done.stdout, done.returncode) == ("", 0), done.stderr[-2000:]
