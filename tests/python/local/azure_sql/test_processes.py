"""Several processes use one source database: turns are fair, and a timeout is one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from support.source_users import five_users, rows

PREAMBLE = """
import json, sys, time
from pathlib import Path
from medallion.errors import MedallionError
from medallion_local.azure_sql import connection
from medallion_local.azure_sql.database import SourceDatabase
source = SourceDatabase.open(Path(sys.argv[1]))
if sys.argv[3] == "together":
    print("ready", flush=True)
    sys.stdin.readline()
end = time.monotonic() + float(sys.argv[2])
"""
COMMIT = """
done = 0
while time.monotonic() < end:
    source.execute(
        "BEGIN TRAN; UPDATE dbo.DimUser SET country = N'FR' WHERE user_id = 1; "
        "UPDATE dbo.DimUser SET country = N'DE' WHERE user_id = 2; COMMIT"
    )
    done += 1
print(json.dumps(done))
"""
# A query sees only whole commits of 4 rows, and never fewer than the previous query.
READ = """
done, seen = 0, 0
while time.monotonic() < end:
    window = (
        "cdc.fn_cdc_get_all_changes_dbo_DimUser(sys.fn_cdc_get_min_lsn(N'dbo_DimUser'), "
        "sys.fn_cdc_get_max_lsn(), N'all update old')"
    )
    found = source.query(f"SELECT x.[__$start_lsn] AS l FROM {window} AS x").read_all()
    assert found.num_rows % 4 == 0 and found.num_rows >= seen, (found.num_rows, seen)
    assert {each["counts"] for each in found["l"].value_counts().to_pylist()} <= {4}
    done, seen = done + 1, found.num_rows
print(json.dumps(done))
"""
HOLD = """
reader = source.query("SELECT * FROM dbo.DimUser AS u")
print("open", flush=True)
time.sleep(max(0, end - time.monotonic()))
"""
HURRY = """
connection.LOCK_TIMEOUT = 1.0
try:
    source.execute("UPDATE dbo.DimUser SET country = N'FR' WHERE user_id = 1")
except MedallionError as error:
    print(error)
"""


def start(
    program: str, path: Path, seconds: float, when: str = "at once"
) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", PREAMBLE + program, str(path), str(seconds), when],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("readers", [1, 3])
def test_readers_do_not_starve_a_writer(tmp_path: Path, readers: int) -> None:
    source = five_users(tmp_path)
    started = [start(one, source.path, 10, "together") for one in (COMMIT, *[READ] * readers)]
    for process in started:  # a process that began earlier would have the database to itself
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        print(file=process.stdin, flush=True)
    ended = [process.communicate(timeout=300) for process in started]
    assert [error for _, error in ended] == [""] * len(started)
    commits, *reads = (json.loads(output) for output, _ in ended)
    assert commits * 5 >= max(reads) and min(reads) * 5 >= commits, (commits, reads)
    (found,) = rows(source, "SELECT COUNT(*) AS n FROM cdc.dbo_DimUser_CT AS c")
    assert found["n"] == 4 * commits


def test_a_writer_behind_a_long_reader_times_out_with_one_sentence(tmp_path: Path) -> None:
    source = five_users(tmp_path)
    holder = start(HOLD, source.path, 600)
    assert holder.stdout is not None and holder.stdout.readline() == "open\n"
    output, error = start(HURRY, source.path, 0).communicate(timeout=300)
    assert "still in use after 1 s" in output and error == ""
    holder.kill()
    holder.communicate()
    output, error = start(HURRY, source.path, 0).communicate(timeout=300)
    assert (output, error) == ("", "")
