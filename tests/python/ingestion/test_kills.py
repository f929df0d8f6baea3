"""Ingestions killed at random while the source changes; `MEDALLION_KILLS` sets their number."""

import itertools
import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from multiprocessing.synchronize import Event
from pathlib import Path

import pytest

from medallion.home import Home
from medallion_local.azure_sql.database import SourceDatabase
from oracle.changes import KEYS
from support.landing_oracle import Reader, check_landed
from support.source_home import make

KILLS = int(os.environ.get("MEDALLION_KILLS", "8"))
MEDALLION = Path(sys.executable).parent / "medallion"
TABLES = ("DimUser", "DimTrack", "FactStream")


def go_on(home: Home, ended: Event) -> None:
    """Commit changes of all kinds a few times a second, until `ended`."""
    source = SourceDatabase.open(home.source_database)
    for number in itertools.count(1):
        if ended.is_set():
            return
        source.execute(
            f"""
            BEGIN TRANSACTION;
            UPDATE dbo.DimUser SET country = N'C{number}' WHERE user_id = {number % 3 + 1};
            INSERT INTO dbo.FactStream (stream_id, user_id, track_id) VALUES ({number + 9}, 1, 1);
            COMMIT;
            DELETE FROM dbo.FactStream WHERE stream_id = {number + 4};
            UPDATE dbo.DimTrack SET duration_sec = {number} WHERE track_id = 1;
            """
        )
        time.sleep(0.2)


@pytest.mark.long
def test_ingestions_that_are_killed_at_random_lose_nothing(tmp_path: Path) -> None:
    duration = seconds_of_an_ingestion(tmp_path / "timed")
    home = make(tmp_path)
    seed = random.randrange(10**6)
    print(f"seed {seed}, {KILLS} kills")
    dice, ended = random.Random(seed), multiprocessing.Event()
    readers = [Reader(home, table) for table in TABLES]
    writer = multiprocessing.Process(target=go_on, args=(home, ended))
    writer.start()
    try:
        for _ in range(KILLS):
            after = dice.uniform(0.1, 1) * duration
            while not killed_after(home, after):  # it ended before: try an earlier moment
                after *= 0.6
            for reader in readers:
                reader.read()
    finally:
        ended.set()
        writer.join()
    ingest(home)
    for reader in readers:
        check_landed(reader, KEYS[reader.table])


def seconds_of_an_ingestion(folder: Path) -> float:
    """The duration of an undisturbed first load on this machine at its present load."""
    folder.mkdir()
    home, began = make(folder), time.monotonic()
    ingest(home)
    return time.monotonic() - began


def ingest(home: Home) -> None:
    done = subprocess.run(
        [MEDALLION, "ingest"], env=environment(home), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def killed_after(home: Home, seconds: float) -> bool:
    """Start an ingestion and kill it. Returns whether it was still running."""
    running = subprocess.Popen(
        [MEDALLION, "ingest"],
        env=environment(home),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
    return running.wait() == -signal.SIGKILL


def environment(home: Home) -> dict[str, str]:
    return {**os.environ, "MEDALLION_HOME": str(home.root)}
