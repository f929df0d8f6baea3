"""The real files under adf/, executed against a small source."""

import datetime as dt
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from medallion.cli import app
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.request import tables
from medallion.lock import single_run
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.data_factory.engine import run_pipeline
from medallion_local.data_factory.events import Event
from medallion_local.data_factory.run import ingest, laptop
from medallion_local.github.server import REPOSITORY
from support.alert_vault import alert_vault
from support.landing_oracle import history
from support.source_home import change, landed, make, rows

TABLES = ["DimUser", "DimArtist", "DimTrack", "DimDate", "FactStream"]
LONE_UPDATE = "UPDATE dbo.DimUser SET country = N'Spain' WHERE user_id = 1"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return make(tmp_path)


def watermark(home: Home, table: str) -> str:
    file = home.lake / "control" / "watermarks" / f"dbo.{table}.json"
    return json.loads(file.read_text())["lsn"]


def source_rows(file: Path) -> list[dict]:
    """The rows without the values that differ from run to run."""
    ours = ("_ingested_at", "_run_id", "_file")
    return [{k: v for k, v in row.items() if k not in ours} for row in rows(file)]


def test_first_load_lands_every_row_of_every_table_as_inserts(home: Home) -> None:
    events: list[Event] = []
    result = ingest(home, on_event=events.append)
    assert result.status == "Succeeded"
    assert [one.table for one in result.receipts] == [f"dbo.{name}" for name in TABLES]
    reported = [one.status for one in events if one.activity == "Ingest table"]
    assert reported == ["InProgress"] * len(TABLES) + ["Succeeded"] * len(TABLES)
    assert {one.mode for one in result.receipts} == {"initial"}
    assert result.rows == 3 + 1 + 1 + 1 + 2
    [file] = landed(home, "DimUser")
    users = rows(file)
    assert file.name == f"{watermark(home, 'DimUser')}.parquet"
    assert [user["user_name"] for user in users] == ["Ada", "Ben", None]
    assert {user["_operation"] for user in users} == {2}
    assert {user["_start_lsn"] for user in users} == {watermark(home, "DimUser")}
    assert [user["_seqval"] for user in users] == [f"0x{n:020X}" for n in (1, 2, 3)]
    assert {user["_commit_time"] for user in users} == {dt.datetime(2025, 1, 2)}
    assert {user["_file"] for user in users} == {f"bronze/azure_sql/dbo.DimUser/{file.name}"}
    assert {user["_run_id"] for user in users} == {result.run_id}
    assert list(users[0])[-7:] == [
        *("_start_lsn", "_seqval", "_operation", "_commit_time"),
        *("_ingested_at", "_run_id", "_file"),
    ]


def test_repeated_first_load_differs_only_in_its_run(tmp_path: Path) -> None:
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        here = make(tmp_path / name)
        ingest(here)
        [file] = landed(here, "FactStream")
        found.append(
            [
                {k: v for k, v in r.items() if k not in ("_run_id", "_ingested_at")}
                for r in rows(file)
            ]
        )
    assert found[0] == found[1]


def test_increment_lands_the_changes_since_the_watermark_with_before_images(home: Home) -> None:
    ingest(home)
    before = watermark(home, "DimUser")
    change(home, LONE_UPDATE, "2025-01-03")
    change(home, "DELETE FROM dbo.DimUser WHERE user_id = 2", "2025-01-04")
    result = ingest(home)
    [receipt] = [one for one in result.receipts if one.table == "dbo.DimUser"]
    assert (receipt.mode, receipt.rows_written) == ("increment", 3)
    assert receipt.from_lsn == f"0x{int(before, 16) + 1:020X}"
    assert receipt.to_lsn == watermark(home, "DimUser") > before
    file = landed(home, "DimUser")[-1]
    assert file.name == f"{receipt.from_lsn}.parquet"
    assert receipt.bytes == file.stat().st_size
    found = [
        (r["user_id"], r["_operation"], r["country"], r["_commit_time"].day) for r in rows(file)
    ]
    assert found == [(1, 3, "France", 3), (1, 4, "Spain", 3), (2, 1, "Norway", 4)]


def test_window_without_changes_lands_no_file_but_moves_the_watermark(home: Home) -> None:
    ingest(home)
    before = watermark(home, "DimTrack")
    change(home, LONE_UPDATE, "2025-01-03")
    result = ingest(home)
    [receipt] = [one for one in result.receipts if one.table == "dbo.DimTrack"]
    assert (receipt.mode, receipt.rows_written, receipt.bytes, receipt.file) == (
        "empty",
        0,
        0,
        None,
    )
    assert len(landed(home, "DimTrack")) == 1
    assert watermark(home, "DimTrack") == watermark(home, "DimUser") > before


def test_log_that_did_not_advance_leaves_an_empty_receipt(home: Home) -> None:
    ingest(home)
    before = watermark(home, "DimUser")
    result = ingest(home)
    assert {one.mode for one in result.receipts} == {"empty"}
    assert watermark(home, "DimUser") == before
    assert result.receipts[0].to_lsn == before < result.receipts[0].from_lsn


def test_windows_cover_the_log_without_gap_or_overlap(home: Home) -> None:
    for day in range(3, 8):
        ingest(home, "DimUser")
        change(home, f"UPDATE dbo.DimUser SET country = N'C{day}'", f"2025-01-{day:02}")
    ingest(home, "DimUser")
    changes = [
        (row["_start_lsn"], row["_seqval"], row["_operation"])
        for file in landed(home, "DimUser")
        for row in rows(file)
    ]
    assert len(changes) == len(set(changes)) == 3 + 5 * 3 * 2


def test_rerun_after_a_lost_watermark_overwrites_its_own_file(home: Home) -> None:
    ingest(home)
    file = home.lake / "control" / "watermarks" / "dbo.DimUser.json"
    kept = file.read_text()
    change(home, LONE_UPDATE, "2025-01-03")
    ingest(home)
    file.write_text(kept)
    change(home, "DELETE FROM dbo.DimUser WHERE user_id = 2", "2025-01-04")
    ingest(home)
    _, again, rest = landed(home, "DimUser")
    assert [row["_operation"] for row in rows(again)] == [3, 4]
    assert [row["_operation"] for row in rows(rest)] == [1]


def cleaned_up(home: Home, table: str) -> None:
    """Let cleanup pass the watermark: the log then begins at its current end."""
    change(home, "UPDATE dbo.DimUser SET country = N'X'", "2025-01-05")
    source = SourceDatabase.open(home.source_database)
    end = source.query("SELECT CONVERT(varchar(22), sys.fn_cdc_get_max_lsn(), 1) AS lsn").read_all()
    source.execute(
        f"EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_{table}', "
        f"@low_water_mark = {end['lsn'][0].as_py()}"
    )


def test_cleanup_past_the_watermark_fails_loudly_and_moves_nothing(home: Home) -> None:
    ingest(home)
    before = watermark(home, "DimUser")
    change(home, LONE_UPDATE, "2025-01-03")
    cleaned_up(home, "DimUser")
    result = ingest(home)
    assert result.status == "Failed"
    assert result.error is not None
    assert result.error.startswith("dbo.DimUser: change data cleanup has passed the watermark")
    assert watermark(home, "DimUser") == before
    assert len(landed(home, "DimUser")) == 1
    others = {one.table for one in result.receipts}
    assert others == {f"dbo.{name}" for name in TABLES} - {"dbo.DimUser"}


def test_every_failure_is_reported_and_alerted(home: Home) -> None:
    ingest(home)
    for table in ("DimUser", "DimTrack"):
        file = home.lake / "control" / "watermarks" / f"dbo.{table}.json"
        file.write_text('{"lsn": "0x00FFFFFF000000000001"}')
    events: list[Event] = []
    with alert_vault("http://127.0.0.1:9/nobody") as (alerts, _):
        result = ingest(home, on_event=events.append, alerts=alerts)
    assert result.error is not None
    places = [result.error.index(f"dbo.{name}: the change log") for name in ("DimUser", "DimTrack")]
    assert places == sorted(places)
    posts = [one for one in events if one.activity == "Post alert" and one.status == "Failed"]
    assert len(posts) == 2


def test_unfinished_files_of_a_killed_run_are_removed(home: Home) -> None:
    ingest(home)
    left = landed(home, "DimUser")[0].parent / ".0x1.parquet.abc.tmp"
    left.write_text("half")
    ingest(home)
    assert not left.exists()


def test_watermark_after_the_end_of_the_log_fails_loudly(home: Home) -> None:
    ingest(home)
    file = home.lake / "control" / "watermarks" / "dbo.DimUser.json"
    file.write_text('{"lsn": "0x00FFFFFF000000000001", "commit_time": "2030-01-01T00:00:00"}')
    result = ingest(home, table="DimUser")
    assert result.status == "Failed"
    assert result.error is not None and "ends before the watermark" in result.error


def test_table_without_change_data_capture_fails_loudly(home: Home) -> None:
    source = SourceDatabase.open(home.source_database)
    source.execute(
        "EXEC sys.sp_cdc_disable_table @source_schema = N'dbo', @source_name = N'DimUser', "
        "@capture_instance = N'dbo_DimUser'"
    )
    result = ingest(home, table="DimUser")
    assert result.status == "Failed"
    assert result.error is not None and "no capture instance dbo_DimUser" in result.error


def test_backfill_lands_the_days_asked_for_and_moves_no_watermark(home: Home) -> None:
    ingest(home)
    for day in (3, 4, 5):
        change(home, LONE_UPDATE.replace("Spain", f"C{day}"), f"2025-01-0{day}")
    ingest(home)
    before = watermark(home, "DimUser")
    result = ingest(home, from_date="2025-01-04", to_date=dt.date(2025, 1, 4))
    assert result.status == "Succeeded"
    assert watermark(home, "DimUser") == before
    file = home.lake / "bronze/azure_sql/dbo.DimUser/backfill_2025-01-04_2025-01-04.parquet"
    assert [(row["_operation"], row["country"]) for row in rows(file)] == [(3, "C3"), (4, "C4")]
    [receipt] = [one for one in result.receipts if one.table == "dbo.DimUser"]
    assert (receipt.mode, receipt.from_date, receipt.to_date) == (
        *("backfill", "2025-01-04", "2025-01-04"),
    )
    assert result.references == []


def test_backfilled_changes_are_those_that_landed_before(home: Home) -> None:
    ingest(home)
    change(home, LONE_UPDATE, "2025-01-03")
    ingest(home)
    ingest(home, "DimUser", "2025-01-02", "2099-12-31")
    *_, first, again = landed(home, "DimUser")
    ours = ("_ingested_at", "_run_id", "_file")
    found = [
        [{k: v for k, v in r.items() if k not in ours} for r in rows(f)] for f in (first, again)
    ]
    assert found[0] == found[1] != []


def test_backfill_of_days_after_the_log_is_empty(home: Home) -> None:
    ingest(home)
    result = ingest(home, "DimUser", "2098-01-01", "2099-12-31")
    assert result.status == "Succeeded"
    assert [(one.mode, one.rows_written) for one in result.receipts] == [("backfill", 0)]
    assert len(landed(home, "DimUser")) == 1


def test_reference_file_lands_unchanged_and_only_when_it_changed(home: Home) -> None:
    first, second = ingest(home), ingest(home)
    assert {one.name for one in first.references} == {"markets", "subscription_plans"}
    assert all(one.file for one in first.references)
    assert [one.file for one in second.references] == [None, None]
    plans = home.github / REPOSITORY / "subscription_plans.csv"
    plans.write_text(plans.read_text().replace("11.99", "12.99"))
    third = ingest(home)
    assert {one.name: bool(one.file) for one in third.references} == {
        **{"markets": False, "subscription_plans": True}
    }
    folder = home.lake / "bronze" / "github" / "subscription_plans"
    assert len(list(folder.iterdir())) == 2
    assert (folder / f"{third.run_id}.csv").read_bytes() == plans.read_bytes()


def test_reference_file_that_is_gone_fails_the_run_but_not_the_tables(home: Home) -> None:
    ingest(home)
    (home.github / REPOSITORY / "markets.csv").rename(home.root / "elsewhere.csv")
    (home.github / REPOSITORY / "markets.csv").mkdir()
    result = ingest(home)
    assert result.status == "Failed"
    assert result.error is not None and "404" in result.error
    assert len(result.receipts) == len(TABLES)


def test_one_table_can_be_ingested_alone(home: Home) -> None:
    result = ingest(home, table="dbo.factstream")
    assert [one.table for one in result.receipts] == ["dbo.FactStream"]
    assert result.references == []


def test_mistakes_are_reported_in_one_sentence(home: Home, tmp_path: Path) -> None:
    with pytest.raises(MedallionError, match="use one of DimUser, DimArtist"):
        ingest(home, table="Nope")
    with pytest.raises(MedallionError, match="needs both"):
        ingest(home, from_date="2025-01-01")
    with pytest.raises(MedallionError, match="is after"):
        ingest(home, from_date="2025-01-02", to_date="2025-01-01")
    with pytest.raises(MedallionError, match="is not a valid date"):
        ingest(home, from_date="yesterday", to_date="2025-01-01")
    with pytest.raises(MedallionError, match="no source database"):
        ingest(Home(tmp_path / "nothing"))


def test_second_ingestion_at_once_is_an_error(home: Home) -> None:
    with (
        single_run(home.factory / "ingest.lock", "ingestion"),
        pytest.raises(MedallionError, match="Another ingestion is running"),
    ):
        ingest(home)


def test_every_run_leaves_a_record_and_no_temporary_file(home: Home) -> None:
    result = ingest(home)
    record = json.loads((home.factory / "runs" / f"{result.run_id}.json").read_text())
    assert (record["pipeline"], record["status"]) == ("pl_ingest", "Succeeded")
    assert [one for one in home.root.rglob("*") if one.name.endswith(".tmp")] == []


def logged(home: Home, table: str) -> set[tuple]:
    """The source's own log after the rows from before its capture began."""
    return {
        (row["start_lsn"], row["seqval"], row["operation"], row["user_id"])
        for row in history(home, table)
        if row["seqval"]
    }


def key(row: dict) -> tuple:
    return row["_start_lsn"], row["_seqval"], row["_operation"], row["user_id"]


def test_commit_after_the_claimed_window_belongs_to_the_next_window(home: Home) -> None:
    ingest(home)
    change(home, LONE_UPDATE, "2025-01-03")

    def commit(event: Event) -> None:
        if event.activity == "Pin window" and event.status == "Succeeded":
            change(home, "DELETE FROM dbo.DimUser WHERE user_id = 2", "2025-01-04")

    first = ingest(home, "DimUser", on_event=commit)
    second = ingest(home, "DimUser")
    assert [first.rows, second.rows] == [2, 1]
    first_load, *later = landed(home, "DimUser")
    assert len(rows(first_load)) == 3
    assert {key(row) for file in later for row in rows(file)} == logged(home, "DimUser")


def test_new_table_is_one_more_entry(home: Home) -> None:
    change(
        home,
        """
        CREATE TABLE dbo.Label (label_id int NOT NULL PRIMARY KEY, name nvarchar(20) NULL);
        EXEC sys.sp_cdc_enable_table @source_schema = N'dbo', @source_name = N'Label',
            @role_name = NULL, @capture_instance = N'dbo_Label';
        INSERT INTO dbo.Label (label_id, name) VALUES (1, N'Blue');
        """,
        "2025-01-03",
    )
    entry = {"schema": "dbo", "table": "Label", "capture_instance": "dbo_Label"}
    entry |= {"keys": ["label_id"], "columns": ["label_id", "name"]}
    parameters = {"tables": [entry], "references": []}
    with laptop(home) as environment:
        run = run_pipeline(environment, "pl_ingest", parameters)
    assert run.record.status == "Succeeded", run.record.error
    [file] = landed(home, "Label")
    assert [row["name"] for row in rows(file)] == ["Blue"]


def test_command_line_shows_what_landed_and_fails_in_one_sentence(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEDALLION_HOME", str(home.root))
    shown = CliRunner().invoke(app, ["ingest"])
    assert shown.exit_code == 0, shown.output
    assert "dbo.FactStream" in shown.output and "of a full reload" in shown.output
    file = home.lake / "control" / "watermarks" / "dbo.DimUser.json"
    file.write_text('{"lsn": "0x00FFFFFF000000000001"}')
    failed = CliRunner().invoke(app, ["ingest", "--table", "DimUser"])
    assert isinstance(failed.exception, MedallionError)
    assert "dbo.DimUser: the change log ends before the watermark" in str(failed.exception)


def test_table_list_is_data(home: Home) -> None:
    assert [one["table"] for one in tables()] == TABLES
