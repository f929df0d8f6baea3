"""Follow the paths of docs/runbooks/backfill.md in their order, and compare with the oracle."""

import datetime as dt

import pytest

from oracle import publish
from oracle.changes import KEYS
from oracle.read_landed import read_landed, read_listings
from oracle.read_source import read_source
from support.lakehouse import DBT, INGEST, Lakehouse, first_load
from support.published_tables import connected, differing_rows, read_published, resolve_keys

RUN = [*DBT, "run"]
MART = "gold.mart_daily_listening"


@pytest.fixture(scope="module")
def filled(new_lakehouse):
    """A small home: a first load that was built, and two days that landed but were not built."""
    home = new_lakehouse()
    home.run(["medallion", "source", "init", "--generate", "--users", "40", "--days", "6"])
    home.run(INGEST)
    home.run(RUN)
    for _ in range(2):
        home.run(["medallion", "source", "simulate", "--days", "1"])
        home.run(INGEST)
    return home


def _source(home: Lakehouse) -> dict:
    landed = read_landed(home.home / "lake")
    return read_source(
        home.home / "source.duckdb", {table: first_load(landed, table) for table in KEYS}
    )


def _expected(home: Lakehouse) -> dict[str, list[dict]]:
    return publish(_source(home), read_listings(home.home / "lake"))


def _differing(actual: dict, expected: dict) -> str:
    """The differences, except in the reconciliation, which counts the backfill's deliveries too."""
    tables = actual.keys() - {"silver.reconciliation"}
    found = {name: differing_rows(actual[name], expected[name]) for name in sorted(tables)}
    return "\n".join(f"{name}: {reported}" for name, reported in found.items() if reported)


def _differences(home: Lakehouse) -> str:
    return _differing(resolve_keys(read_published(home.home)), _expected(home))


def _sql(home: Lakehouse, statement: str) -> list[tuple]:
    with connected(home.home) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return [tuple(row) for row in cursor.fetchall()]


def _last_increment(home: Lakehouse, table: str):
    return max((home.home / "lake" / "bronze" / "azure_sql" / f"dbo.{table}").glob("0x*.parquet"))


def test_range_of_days__lands_lost_changes_again(filled):
    """A file disappeared before bronze read it. The backfill of its days restores the changes."""
    lost = _last_increment(filled, "FactStream")
    days = sorted({change["_commit_time"].date() for change in _source(filled)["FactStream"]})
    lost.unlink()
    filled.run(RUN)
    assert "gold.mart_daily_listening" in _differences(filled)
    watermark = filled.home / "lake" / "control" / "watermarks" / "dbo.FactStream.json"
    before = watermark.read_text()
    filled.run([*INGEST, "--from", str(days[-1]), "--to", str(days[-1])])
    filled.run(RUN)
    assert watermark.read_text() == before
    assert _differences(filled) == ""


def test_everything__is_rebuilt_from_bronze_only(filled):
    """This also works if the landed files were archived: bronze survives `--full-refresh`."""
    archived = sorted((filled.home / "lake" / "bronze" / "azure_sql").rglob("*.parquet"))
    expected = _expected(filled)
    _sql(filled, "delete from silver.dim_user where user_id < 20")
    _sql(filled, "update silver.fct_streams set user_key = '-1' where stream_id % 2 = 0")
    _sql(filled, f"delete from {MART}")
    kept = {file: file.read_bytes() for file in archived}
    for file in archived:
        file.unlink()
    try:
        filled.run([*RUN, "--full-refresh"])
    finally:
        for file, content in kept.items():
            file.write_bytes(content)
    assert _differing(resolve_keys(read_published(filled.home)), expected) == ""


def test_one_mart__is_rebuilt_alone(filled):
    _sql(filled, f"update {MART} set streams = 0")
    filled.run([*RUN, "--full-refresh", "--select", "mart_daily_listening"])
    assert _differences(filled) == ""


def test_days_of_one_mart__are_rebuilt_and_no_others(filled):
    """An extra row, a missing day and a wrong row are repaired; outside the range they stay."""
    days = [day for (day,) in _sql(filled, f"select distinct date_day from {MART} order by 1")]
    first, last, outside = days[1], days[-2], days[0]
    _sql(filled, f"delete from {MART} where date_day = date '{first}'")
    _sql(filled, f"update {MART} set streams = 0 where date_day in (date '{last}', '{outside}')")
    _sql(
        filled,
        f"insert into {MART} select date_day, 'Nowhere', subscription_type, device_type, 1, 1, 1,"
        f" _loaded_through, _merged_through, false from {MART} where date_day = date '{last}'",
    )
    ranged = f"{{rebuild_from: {first}, rebuild_to: {last}}}"
    filled.run([*RUN, "--select", "mart_daily_listening", "--vars", ranged])
    wrong = {
        row["date_day"]
        for row in read_published(filled.home)[MART]
        if row["streams"] == 0 or row["country"] == "Nowhere"
    }
    assert wrong == {outside}
    ranged = f"{{rebuild_from: {outside}, rebuild_to: {outside}}}"
    filled.run([*RUN, "--select", "mart_daily_listening", "--vars", ranged])
    assert _differences(filled) == ""


def test_backfill__of_any_range_keeps_correct_rows(filled):
    """Every change of the history lands again, and each still counts once."""
    first = min(c["_commit_time"] for own in _source(filled).values() for c in own).date()
    before = read_published(filled.home)
    filled.run([*INGEST, "--from", str(first), "--to", str(dt.date.today())])
    filled.run(RUN)
    assert _differing(read_published(filled.home), before) == ""
