"""The whole lakehouse against the oracle: every published row, per day, from both histories."""

import json

import pytest

from oracle import PUBLISHED
from support.lakehouse import AGAIN, DAY_0, DAY_1, DAY_2, DAY_3, REFRESHED, STAGES
from support.published_tables import connected, differing_rows, resolve_keys

TABLES = pytest.mark.parametrize("table", PUBLISHED)
DAYS = pytest.mark.parametrize("day", [DAY_0, DAY_1, DAY_2, DAY_3])


TELLINGS = pytest.mark.parametrize(
    ("telling", "table"),
    [("landed", table) for table in PUBLISHED]
    + [("source", table) for table in PUBLISHED if table != "silver.reconciliation"],
)  # the reconciliation counts deliveries, which the source does not know


@DAYS
@TELLINGS
def test_published__equals_the_oracle(lakehouse, day, table, telling):
    """The change tables and the landed files give the same history, and so must the table."""
    record = lakehouse.at(day)
    expected = getattr(record, telling)[table]
    assert not (differing := differing_rows(resolve_keys(record.published)[table], expected)), (
        differing
    )


@DAYS
def test_every_day__has_changes(lakehouse, day):
    """Guards the tests above against an empty database, or days without changes."""
    published = lakehouse.at(day).published
    assert all(rows for table, rows in published.items() if not table.startswith("quarantine."))
    if day != DAY_0:
        assert any(not row["is_current"] for row in published["silver.dim_user"])


@pytest.mark.parametrize("stage", STAGES)
def test_every_build__leaves_tables_that_synapse_can_read(lakehouse, stage):
    assert lakehouse.at(stage).unreadable == []


@TABLES
def test_second_build__changes_no_row(lakehouse, table):
    differing = differing_rows(
        lakehouse.at(AGAIN).published[table], lakehouse.at(DAY_3).published[table]
    )
    assert not differing, differing


@TABLES
def test_full_refresh__gives_the_same_rows_and_keys(lakehouse, table):
    """If this fails, increments and history disagree, and rebuilding a table fixes nothing."""
    refreshed, incremental = lakehouse.at(REFRESHED), lakehouse.at(DAY_3)
    differing = differing_rows(refreshed.published[table], incremental.published[table])
    assert not differing, differing


def test_not_null_columns_of_a_contract__are_not_null_in_the_table(lakehouse):
    """Delta rejects such a row, so no data test checks it again."""
    lakehouse.at(REFRESHED)
    manifest = json.loads((lakehouse.home / "target" / "manifest.json").read_text())
    promised = {
        (node["schema"], node["alias"], name)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["contract"]["enforced"]
        and node["config"]["materialized"] != "view"
        for name, column in node["columns"].items()
        if any(constraint["type"] == "not_null" for constraint in column["constraints"])
    }
    with connected(lakehouse.home) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select table_schema, table_name, column_name from information_schema.columns"
            " where is_nullable = 'NO'"
        )
        kept = {tuple(row) for row in cursor.fetchall()}
    assert len(promised) > 100
    assert promised <= kept
