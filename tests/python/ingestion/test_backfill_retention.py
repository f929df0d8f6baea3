"""Backfills and retries after change data cleanup: they fail by name, and no file shrinks."""

import datetime as dt
import json
import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from conformance.columns import COLUMNS
from conformance.delivery import Backfill
from conformance.generate import generate
from conformance.scenario import BASE, Change
from medallion.cli import app
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.ingestion.receipts import Receipt, read_receipt
from medallion.ingestion.request import IngestResult
from medallion.ingestion.verification import prove
from medallion_local.azure_sql.database import SourceDatabase
from medallion_local.data_factory.events import Event
from medallion_local.data_factory.run import ingest
from oracle.changes import is_placed
from support.source_home import change, landed, make, rows

DAYS = ("2025-01-03", "2025-01-05")
WHOLE = "backfill_2025-01-03_2025-01-05.parquet"


@pytest.fixture(scope="module")
def backfilled(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Changes at noon of three days, which landed, and landed again in a backfill."""
    home = make(tmp_path_factory.mktemp("retention"))
    assert ingest(home, "DimUser").status == "Succeeded"
    for day in (3, 4, 5):
        change(home, f"UPDATE dbo.DimUser SET country = N'C{day}'", f"2025-01-0{day}")
    assert ingest(home, "DimUser").status == "Succeeded"
    assert ingest(home, "DimUser", *DAYS).status == "Succeeded"
    return home


@pytest.fixture
def home(backfilled: Home, tmp_path: Path) -> Home:
    """A copy of `backfilled`."""
    copy = Home(tmp_path / "home")
    shutil.copytree(backfilled.root, copy.root)
    return copy


def lsn(home: Home, moment: str, operator: str = "smallest greater than or equal") -> str:
    """The LSN of the first commit at or after a time, or of another one beside it."""
    found = SourceDatabase.open(home.source_database).query(
        "SELECT CONVERT(varchar(22), sys.fn_cdc_map_time_to_lsn("
        f"'{operator}', '{moment}'), 1) AS lsn"
    )
    return str(found.read_all()["lsn"][0].as_py())


def cleanup(home: Home, low_water_mark: str) -> None:
    SourceDatabase.open(home.source_database).execute(
        "EXEC sys.sp_cdc_cleanup_change_table @capture_instance = N'dbo_DimUser', "
        f"@low_water_mark = {low_water_mark}"
    )


def contents(home: Home) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in landed(home, "DimUser")}


def receipt(home: Home, result: IngestResult) -> Receipt:
    folder = home.lake / "control" / "receipts" / "dbo.DimUser"
    return read_receipt(folder / f"{result.run_id}.json")


def test_range_before_the_start_of_the_log_lands_nothing(home: Home) -> None:
    cleanup(home, lsn(home, "2025-01-04"))
    before = contents(home)
    result = ingest(home, "DimUser", *DAYS)
    assert result.status == "Failed" and result.error is not None
    assert "holds changes from 2025-01-04T12:00:00 UTC on" in result.error
    assert "--allow-partial" in result.error
    assert contents(home) == before and result.receipts == []


def test_partial_range_lands_beside_the_complete_file(home: Home) -> None:
    cleanup(home, low := lsn(home, "2025-01-04"))
    before = contents(home)
    result = ingest(home, "DimUser", *DAYS, allow_partial=True)
    assert result.status == "Succeeded"
    left = receipt(home, result)
    assert (left.from_lsn, left.min_lsn, left.rows_written) == (low, low, 12)
    assert left.available_from == "2025-01-04T12:00:00"
    now = contents(home)
    assert now.pop(WHOLE.replace(".parquet", f"_since_{low}.parquet")) and now == before
    [proof] = prove(home.lake)
    assert proof.faults == [] and "only changes since 2025-01-04T12:00:00" in proof.notes[0]


@pytest.mark.parametrize(
    ("days", "low", "status", "count"),
    [
        (("2025-01-04", "2025-01-05"), "2025-01-04", "Succeeded", 12),  # all changes exist
        (("2025-01-05", "2025-01-05"), "2025-01-04", "Succeeded", 6),
        (("2025-01-02", "2099-12-31"), "2025-01-02", "Succeeded", 18),  # nothing was removed
        (("2025-01-01", "2099-12-31"), "2025-01-02", "Failed", 0),  # a day before capture began
        (("2025-01-01", "2025-01-01"), "2025-01-02", "Failed", 0),
        (("2000-01-01", "2025-01-05"), "2025-01-04", "Failed", 0),
        (("2025-01-02", "2025-01-03"), "2025-01-05", "Failed", 0),  # no change is left
    ],
)
def test_first_day_decides_whether_a_range_is_available(
    home: Home, days: tuple[str, str], low: str, status: str, count: int
) -> None:
    cleanup(home, lsn(home, low))
    result = ingest(home, "DimUser", *days)
    assert (result.status, result.rows) == (status, count)


def test_recreated_capture_instance_has_no_older_changes(home: Home) -> None:
    source = SourceDatabase.open(home.source_database)
    for procedure in (
        "disable_table @capture_instance = N'dbo_DimUser',",
        "enable_table @role_name = NULL,",
    ):
        source.execute(
            f"EXEC sys.sp_cdc_{procedure} @source_schema = N'dbo', @source_name = N'DimUser'"
        )
    change(home, "UPDATE dbo.DimUser SET country = N'New'", "2099-01-01")
    before = contents(home)
    result = ingest(home, "DimUser", *DAYS)
    assert "are not all there" in str(result.error)
    assert "change data cleanup has passed the watermark" in str(ingest(home, "DimUser").error)
    assert contents(home) == before


@pytest.mark.parametrize(
    ("days", "low", "status", "count"),
    [
        (("2025-01-06", "2025-01-08"), None, "Succeeded", 12),
        (("2025-01-05", "2025-01-08"), None, "Failed", 0),
        (("2025-01-06", "2025-01-08"), "2025-01-07", "Failed", 0),
    ],
)
def test_day_on_which_capture_began_counts_as_whole(
    home: Home, days: tuple[str, str], low: str | None, status: str, count: int
) -> None:
    """Until a cleanup: the first load has the rows of that morning."""
    source = SourceDatabase.open(home.source_database)
    morning = dt.datetime(2025, 1, 6, 10)
    for procedure in (
        "disable_table @capture_instance = N'dbo_DimUser',",
        "enable_table @role_name = NULL,",
    ):
        source.execute(
            f"EXEC sys.sp_cdc_{procedure} @source_schema = N'dbo', @source_name = N'DimUser'",
            morning,
        )
    for day in ("2025-01-06", "2025-01-07"):
        change(home, "UPDATE dbo.DimUser SET country = N'New'", day)
    if low:
        cleanup(home, lsn(home, low))
    result = ingest(home, "DimUser", *days)
    assert (result.status, result.rows) == (status, count)
    if status == "Failed":
        moment = "2025-01-07T12:00:00" if low else "2025-01-06T10:00:00"
        assert f"holds changes from {moment} UTC on" in str(result.error)


def test_range_lacks_a_removed_change_although_min_lsn_is_older(home: Home) -> None:
    """The clock stepped back: the change of the 8th stands before that of the 7th in the log."""
    for day in ("2025-01-08", "2025-01-09", "2025-01-10"):
        change(home, "UPDATE dbo.DimUser SET country = N'New'", day)
    with duckdb.connect(str(home.source_database)) as con:
        con.execute(
            "UPDATE stand_in.lsn_time_mapping SET tran_end_time = '2025-01-07 12:00:00' "
            "WHERE tran_end_time = '2025-01-09 12:00:00'"
        )
    cleanup(home, lsn(home, "2025-01-07T12:00:00", "largest less than or equal"))
    result = ingest(home, "DimUser", "2025-01-08", "2025-01-10")
    assert result.status == "Failed" and "are not all there" in str(result.error)
    assert ingest(home, "DimUser", "2025-01-10", "2025-01-10").status == "Succeeded"


@pytest.mark.parametrize("activity", ["Pin window", "Count rows", "Find landed file", "Copy rows"])
@pytest.mark.parametrize("days", [DAYS, (None, None)], ids=["backfill", "increment"])
def test_cleanup_during_a_run_replaces_no_file(
    home: Home, days: tuple[str | None, str | None], activity: str
) -> None:
    """Cleanup runs before the copy reads. At the end everything was read, and the file is whole."""
    change(home, "UPDATE dbo.DimUser SET country = N'C6'", "2025-01-06")
    change(home, "UPDATE dbo.DimUser SET country = N'C7'", "2025-01-07")
    before = contents(home)
    status = "InProgress" if activity == "Copy rows" else "Succeeded"

    def meddle(event: Event) -> None:
        if (event.activity, event.status) == (activity, status):
            cleanup(home, lsn(home, "2025-01-07"))

    result = ingest(home, "DimUser", *days, on_event=meddle)
    assert result.status == "Failed"
    assert contents(home) == before


def test_first_load_whose_changes_are_cleaned_up_is_not_landed(tmp_path: Path) -> None:
    """Its rows are the table's without later changes, and some of those are gone."""
    home = make(tmp_path)

    def meddle(event: Event) -> None:
        if (event.activity, event.status) == ("Copy rows", "InProgress"):
            change(home, "UPDATE dbo.DimUser SET country = N'C3'", "2025-01-03")
            cleanup(home, lsn(home, "2025-01-03"))

    result = ingest(home, "DimUser", on_event=meddle)
    assert result.status == "Failed" and "0 were copied" in str(result.error)


def test_file_is_not_replaced_by_one_with_fewer_changes(home: Home) -> None:
    """This holds for any loss in the change table; here somebody altered it by hand."""
    before = contents(home)
    with duckdb.connect(str(home.source_database)) as con:
        con.execute('DELETE FROM stand_in."log_dbo_DimUser" WHERE operation = 3')
    result = ingest(home, "DimUser", *DAYS)
    assert "holds 18 changes, but the source has only 9" in str(result.error)
    assert contents(home) == before


def test_file_that_cannot_be_read_is_replaced(home: Home) -> None:
    [whole] = [file for file in landed(home, "DimUser") if file.name == WHOLE]
    whole.write_bytes(whole.read_bytes()[:100])
    assert ingest(home, "DimUser", *DAYS).status == "Succeeded"
    assert len(rows(whole)) == 18
    assert prove(home.lake)[0].faults == []
    assert not list((home.lake / "control").glob("incoming/*/*"))


def test_verify_finds_a_window_that_was_landed_after_cleanup(home: Home) -> None:
    """It also finds one that an older version of the pipelines accepted: its file shrank."""
    [newest] = [
        file
        for file in (home.lake / "control" / "receipts" / "dbo.DimUser").glob("*.json")
        if read_receipt(file).mode == "backfill"
    ]
    kept = json.loads(newest.read_text())
    altered = kept | {"run_id": "other", "ended_at": "2000-01-01T00:00:00Z", "rows_written": 140}
    newest.with_name("other.json").write_text(json.dumps(altered))
    newest.write_text(json.dumps(kept | {"min_lsn": "0x0FFFFFFFFFFFFFFFFFFF"}))
    faults = " ".join(prove(home.lake)[0].faults)
    assert "replaced by a file with fewer changes: 18, not 140" in faults
    assert "changes may be missing" in faults


def test_partial_is_only_for_backfills(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MEDALLION_HOME", str(home.root))
    result = CliRunner().invoke(app, ["ingest", "--allow-partial"])
    assert isinstance(result.exception, MedallionError)
    assert "--allow-partial is only for a backfill" in str(result.exception)


Asked = tuple[list[Change], Backfill, list[Change]]


def asked_of_a_scenario(dice: random.Random, outcome: str) -> Asked:
    """A generated log, a backfill after a cleanup, and its answer with changes of users."""
    while True:
        log = [c for c in generate(dice.randrange(10**6), 1, 1, [1], []).changes if is_placed(c)]
        low = dice.choice(sorted({change["_start_lsn"] for change in log}))
        first = dice.choice([(change["_commit_time"] - BASE).days for change in log])
        asked = Backfill(0, first, first + dice.randrange(12), low, outcome == "rest")
        label, places = asked.answer(log, range(len(log)))
        found = [log[place] for place in places if log[place]["table"] == "DimUser"]
        kind = "refused" if "refused" in label else "rest" if "since" in label else "whole"
        if kind == outcome and (found or kind == "refused"):
            return log, asked, found


def commit_log(home: Home, log: list[Change]) -> None:
    """Put the users' changes of a generated log, and all its commits, behind the source's own."""
    times = {c["_start_lsn"]: c["_commit_time"].replace(microsecond=0) for c in log}
    users = [change for change in log if change["table"] == "DimUser"]
    values = ", ".join("?" * len(COLUMNS["DimUser"]))
    with duckdb.connect(str(home.source_database)) as con:
        con.executemany(
            "INSERT INTO stand_in.lsn_time_mapping VALUES ($1, $2, $2, $1, $1)",
            [(address(number), time) for number, time in sorted(times.items())],
        )
        con.executemany(
            f'INSERT INTO stand_in."log_dbo_DimUser" VALUES (?, ?, ?, 127, {values})',
            [
                (
                    address(change["_start_lsn"]),
                    address(place),
                    change["_operation"],
                    *(change[column] for column in COLUMNS["DimUser"]),
                )
                for place, change in enumerate(users)
            ],
        )


def address(number: int) -> bytes:
    """The LSN of a generated log's number: after those of `make`."""
    return bytes.fromhex(f"000000FF{number:012X}")


@pytest.mark.parametrize("outcome", ["whole", "refused", "rest"])
def test_pipelines_answer_as_the_generated_scenarios_say(tmp_path: Path, outcome: str) -> None:
    """`make conformance` lands files without a source: its answers are those of the pipelines."""
    seed = random.randrange(10**6)
    print(f"seed {seed}")
    home = make(tmp_path)
    log, asked, found = asked_of_a_scenario(random.Random(seed), outcome)
    commit_log(home, log)
    low = f"0x{address(asked.low or 0).hex().upper()}"
    cleanup(home, low)
    first, last = ((BASE + dt.timedelta(days=day)).date() for day in (asked.first, asked.last))
    result = ingest(home, "DimUser", first, last, allow_partial=asked.allow_partial)
    files = landed(home, "DimUser")
    if outcome == "refused":
        assert result.status == "Failed" and "are not all there" in str(result.error)
        assert files == []
        return
    assert result.status == "Succeeded", result.error
    since = f"_since_{low}" if outcome == "rest" else ""
    assert [file.name for file in files] == [f"backfill_{first}_{last}{since}.parquet"]
    lsns = [bytes.fromhex(row["_start_lsn"][2:]) for row in rows(files[0])]
    # Where the clock stepped back, changes of other days stand between those of the range.
    wanted = Counter(address(change["_start_lsn"]) for change in found)
    assert wanted <= Counter(lsns)
    if outcome == "rest":
        assert min(lsns) >= address(asked.low or 0)


STEPS = int(os.environ.get("MEDALLION_RETENTION_STEPS", "8"))


def test_random_cleanups_and_backfills_lose_nothing_that_landed(tmp_path: Path) -> None:
    """The test keeps its own record of every change. Files may only grow."""
    home = make(tmp_path)
    seed = random.randrange(10**6)
    print(f"seed {seed}, {STEPS} steps")
    dice = random.Random(seed)
    assert ingest(home, "DimUser").status == "Succeeded"
    committed: dict[tuple, str] = {}
    seen: dict[str, set[tuple]] = {}
    day = 2
    for _ in range(STEPS):
        for _ in range(dice.randint(1, 3)):
            day += 1
            change(home, f"UPDATE dbo.DimUser SET country = N'C{day}'", f"2025-01-{day:02}")
        note(home, committed)
        _step(home, dice, day)(home)
        for file in landed(home, "DimUser"):
            held = {(r["_start_lsn"], r["_seqval"], r["_operation"]) for r in rows(file)}
            assert seen.get(file.name, set()) <= held
            seen[file.name] = held
            _check_backfill(file, held, committed)
    assert not [fault for proof in prove(home.lake) for fault in proof.faults]


def note(home: Home, committed: dict[tuple, str]) -> None:
    """Store the changes and their days, because the source will remove them."""
    for row in SourceDatabase.open(home.source_database).history("dbo.DimUser").to_pylist():
        if row["seqval"] is not None:
            found = tuple(f"0x{row[name].hex().upper()}" for name in ("start_lsn", "seqval"))
            committed[(*found, row["operation"])] = row["commit_time"].date().isoformat()


def _step(home: Home, dice: random.Random, day: int) -> Callable[[Home], object]:
    first = dice.randint(2, day)
    days = (f"2025-01-{first:02}", f"2025-01-{dice.randint(first, day):02}")
    partial = dice.random() < 0.5
    low = f"2025-01-{dice.randint(3, day):02}"
    return dice.choice(
        [
            lambda h: ingest(h, "DimUser"),
            lambda h: ingest(h, "DimUser", *days, allow_partial=partial),
            lambda h: (cleanup(h, lsn(h, low)), ingest(h, "DimUser", *days, allow_partial=partial)),
        ]
    )


def _check_backfill(file: Path, held: set[tuple], committed: dict[tuple, str]) -> None:
    """A backfill has all changes of its days; a partial one those since the LSN in its name."""
    if not file.name.startswith("backfill_"):
        return
    _, first, last, *since = file.stem.split("_")
    wanted = {
        one
        for one, day in committed.items()
        if first <= day <= last and (not since or one[0] >= since[1])
    }
    assert wanted <= held
