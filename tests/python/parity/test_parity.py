"""The part of `make parity` that takes less than two minutes: one dimension, on both engines."""

import pytest

from parity.run import two_homes
from support.warehouse_sql import needs_spark

INIT = "medallion source init --generate --seed 7 --users 50 --days 3 --streams-per-day 20"


@needs_spark
@pytest.mark.long
def test_both_engines_build_the_same_dimension(tmp_path):
    with two_homes(tmp_path, print) as parity:
        for target in parity.targets.values():
            target.build_command += " --select +dim_user"
        first = parity.build("first load", INIT, "medallion ingest")
        day = parity.build("day", "medallion source simulate --days 1", "medallion ingest")
    assert "silver.dim_user" in [one.table for one in first.tables if one.rows > 50]
    assert [one for step in (first, day) for one in step.differing] == []
