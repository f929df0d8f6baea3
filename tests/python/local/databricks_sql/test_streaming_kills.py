"""Each landed file is read exactly once, wherever the warehouse is killed."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from support.places import SUPPORT

pytestmark = pytest.mark.long
VICTIM = SUPPORT / "killed_warehouse.py"
STREAM = (
    "STREAM read_files('abfss://bronze@a.dfs.core.windows.net/numbers', format => 'parquet', "
    "allowOverwrites => true, schema => 'id BIGINT')"
)
TABLE = (
    "streaming table s.numbers (id bigint, constraint even expect (id % 2 = 0)) "
    f"as select id from {STREAM}"
)
WIDER = "select id, 'monday' as day"
CREATE, CREATE_OR_REFRESH = f"create {TABLE}", f"create or refresh {TABLE}"
REFRESH, FULL = "refresh streaming table s.numbers", "refresh streaming table s.numbers full"
ROWS = "select id from s.numbers order by id"
COUNTED = """
    with events as (
        select origin:batch_id::int as batch, event_type, details from event_log(TABLE(s.numbers))
    ),
    rebuilt as (
        select coalesce(max(batch), 0) as batch from events
        where details:create_update.full_refresh = 'true'
    )
    select sum(details:flow_progress.metrics.num_output_rows::bigint),
        sum(details:flow_progress.data_quality.expectations[0].passed_records::bigint)
    from events inner join rebuilt on events.batch >= rebuilt.batch
    where event_type = 'flow_progress'
"""
TOLD = [["ask", ROWS], ["ask", COUNTED]]


class Victims:
    """Scripts of steps in a home. The table must have the rows of all landed files."""

    def __init__(self, home: Path, process: subprocess.Popen) -> None:
        self.folder = home / "lake" / "bronze" / "numbers"
        self._home = str(home)
        self._process = process

    def play(self, *steps: list, **more) -> dict:
        self._process.stdin.write(json.dumps({"home": self._home, "steps": steps} | more) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def recovered(self, *statements: str) -> None:
        """After a kill, the statements run again, and the table has every landed row once."""
        reported = self.play(*(["run", statement] for statement in statements), *TOLD)
        ids = sorted(int(file.stem) for file in self.folder.glob("*.parquet"))
        evens = sum(number % 2 == 0 for number in ids)
        assert reported["answers"] == [[[number] for number in ids], [[len(ids), evens]]]


@pytest.fixture(scope="module")
def process():
    started = subprocess.Popen(
        [sys.executable, str(VICTIM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    yield started
    started.stdin.close()
    started.wait(60)


@pytest.fixture
def victims(tmp_path, process):
    made = Victims(tmp_path, process)
    made.play(["run", "create schema s"], ["land", 1], ["land", 2])
    return made


def test_a_killed_create_is_completed_by_the_next_one(victims):
    for moment in (
        *("before replace_table 1", "after replace_table 1", "after stage 1", "after fsync 1"),
        *("after log 1", "after commit 2", "before put 1"),
    ):
        killed = victims.play(["die", moment], ["run", CREATE])
        assert killed == {"answers": [], "killed": True}, moment
        absent = victims.play(["ask", ROWS])["answers"][0]
        assert "TABLE_OR_VIEW_NOT_FOUND" in absent["error"], moment
    assert victims.play(["die", "after put 1"], ["run", CREATE])["killed"]
    victims.recovered(REFRESH)


@pytest.mark.parametrize("statement", [REFRESH, CREATE_OR_REFRESH, FULL])
def test_a_killed_refresh_is_completed_by_the_next_one(victims, statement):
    victims.play(["run", CREATE])
    for number, (moment, done) in enumerate(
        {
            "after stage 1": False,
            "before apply 1": False,
            "after fsync 1": False,
            "after log 1": False,
            "after commit 1": True,
        }.items(),
        start=3,
    ):
        killed = victims.play(["land", number], ["die", moment], ["run", statement])
        assert killed["killed"], moment
        rows = [[n] for n in range(1, number + done)]
        assert victims.play(["ask", ROWS])["answers"] == [rows], moment
        victims.recovered(statement)
        victims.recovered(REFRESH)


def test_a_new_column_of_a_killed_refresh_comes_with_the_next_one(victims):
    victims.play(["run", CREATE], ["land", 3])
    wider = TABLE.replace("(id bigint,", "(id bigint, day string,").replace("select id", WIDER)
    for moment, added in (("after log 1", []), ("after commit 1", ["monday"])):
        assert victims.play(["die", moment], ["run", f"create or refresh {wider}"])["killed"]
        found = victims.play(["ask", "select * from s.numbers where id = 3"])["answers"]
        assert found == [[[3, *added]] if added else []], moment
    victims.recovered(f"create or refresh {wider}")
    rows = victims.play(["ask", "select * from s.numbers order by id"])["answers"][0]
    assert rows == [[1, None], [2, None], [3, "monday"]]


def test_kills_at_any_time(victims):
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    print(f"seed {seed}")
    rebuild = ["drop table if exists s.numbers", CREATE]
    statements = [[REFRESH], [CREATE_OR_REFRESH], [REFRESH], [FULL], rebuild]
    victims.play(["run", CREATE])
    for attempt in range(8):
        first = 100 * (attempt + 1)
        reported = victims.play(
            ["ask", ROWS],
            ["forever", first, statements],
            after=2,
            seconds=chance.uniform(0, 0.5),
        )
        assert reported["killed"]
        victims.recovered(CREATE_OR_REFRESH)


@pytest.mark.parametrize("action", ["remove", "replace"])
def test_a_file_that_changes_between_listing_and_reading_is_listed_again(victims, action):
    victims.play(["run", CREATE], ["land", 3])
    reported = victims.play(
        *(["change", action], ["run", REFRESH], ["ask", ROWS], ["run", REFRESH], *TOLD)
    )
    more = [] if action == "remove" else [[1_000_001], [1_000_002]]
    rows = [[1], [2], *more]
    assert reported["answers"] == [rows, rows, [[len(rows), 1 + len(more) // 2]]]


def test_a_full_refresh_that_cannot_read_a_file_keeps_the_table(victims):
    victims.play(["run", CREATE])
    (victims.folder / "000001.parquet").unlink()
    (victims.folder / "000003.parquet").write_bytes(b"PAR1 half a file")
    (error,) = victims.play(["run", FULL])["answers"]
    assert "numbers/000003.parquet is truncated" in error["error"]
    assert victims.play(["ask", ROWS])["answers"] == [[[1], [2]]]
    (victims.folder / "000003.parquet").unlink()
    victims.recovered(FULL)


def test_a_file_that_returns_after_a_full_refresh_without_it_is_read(victims):
    victims.play(["run", CREATE])
    away = victims.folder.with_name("archive")
    (victims.folder / "000001.parquet").rename(away)
    assert victims.play(["run", FULL], ["ask", ROWS])["answers"] == [[[2]]]
    away.rename(victims.folder / "000001.parquet")
    victims.recovered(REFRESH)
