"""An error of the disk is one sentence. A commit's files are synced before the commit ends."""

import errno
import logging
import os
import sqlite3
import sys
from pathlib import Path
from types import SimpleNamespace

import duckdb
import pyarrow as pa
import pytest
from dbt_common.events.event_manager_client import get_event_manager

import dbt_medallion
from medallion import cli, disk
from medallion.atomic import write_text
from medallion.home import Home
from medallion_local.databricks_sql.storage import append, replace_table


@pytest.mark.parametrize(
    ("error", "reported"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/d/f"), "the disk of /d/f is full"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "/d/f"), "quota at /d/f is used up"),
        (PermissionError(errno.EACCES, "Permission denied", "/d/f"), "cannot access /d/f"),
        (OSError(errno.EROFS, "Read-only file system", "/d/f"), "/d/f is on a read-only"),
        (OSError(errno.EMFILE, "Too many open files", "/d/f"), "too many files are open at /d/f"),
        (
            duckdb.IOException('IO Error: Could not write file "/d/f": No space left on device'),
            "the disk of /d/f is full",
        ),
        (sqlite3.OperationalError("database or disk is full"), "the disk of "),
        (
            RuntimeError("Generic LocalFileSystem error: /d/f: No space left on device (os error"),
            "the disk of /d/f is full",
        ),
    ],
)
def test_refusal_of_the_disk_is_a_sentence(error: Exception, reported: str) -> None:
    outer = RuntimeError("it failed")
    outer.__cause__ = error
    for each in (error, outer):
        found = disk.sentence(each)
        assert found is not None and reported in found and found.endswith(".")


def test_other_errors_are_not_disk_errors() -> None:
    assert disk.sentence(ValueError("no space in this name")) is None
    assert disk.sentence(FileNotFoundError(errno.ENOENT, "No such file", "/d/f")) is None


def test_command_line_reports_it_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setenv("MEDALLION_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["medallion", "repair"])
    monkeypatch.setattr("medallion_local.repair.repair", full)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    shown = capsys.readouterr().err
    assert shown.startswith(f"error: the disk of {tmp_path} is full") and shown.count("\n") == 1


@pytest.fixture
def synced(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The synced paths, in order."""
    found: list[str] = []
    monkeypatch.setattr(
        os, "fsync", lambda fd: found.append(str(Path(f"/proc/self/fd/{fd}").readlink()))
    )
    return found


def test_commit_syncs_its_data_its_entry_and_their_folders(
    tmp_path: Path, synced: list[str]
) -> None:
    folder = Home(tmp_path).warehouse / "tables" / "silver" / "t"
    rows = pa.table({"n": [1]})
    replace_table(str(folder), rows.schema, iter(rows.to_batches()), [], {})
    names = [str(Path(one).relative_to(tmp_path)) for one in synced]
    table = "warehouse/tables/silver/t"
    assert names[0].endswith(".parquet") and names[1] == table  # the data before its entry
    assert f"{table}/_delta_log/{0:020d}.json" in names[2:]
    assert {table, f"{table}/_delta_log", "warehouse/tables/silver"} <= set(names[2:])
    synced.clear()
    append(str(folder), rows.schema, iter(rows.to_batches()))
    kinds = [Path(one).suffix or Path(one).name for one in synced]
    assert kinds == [".parquet", "t", ".json", "_delta_log"]


def test_landed_file_syncs_the_folders_that_it_is_the_first_in(
    tmp_path: Path, synced: list[str]
) -> None:
    write_text(tmp_path / "a" / "b" / "c.json", "{}")
    assert str(tmp_path) in synced and str(tmp_path / "a") in synced
    assert synced[-1] == str(tmp_path / "a" / "b")


def test_dbt_stops_with_a_sentence_when_its_disk_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    logger = SimpleNamespace(filter=lambda event: True)
    monkeypatch.setattr(get_event_manager(), "loggers", [logger])
    monkeypatch.setattr(logging.Handler, "handleError", logging.Handler.handleError)
    project = SimpleNamespace(project_root=tmp_path, target_path="target", log_path="logs")
    dbt_medallion._tell_of_the_disk(project, Home(tmp_path))
    stack, encountered, other = (
        SimpleNamespace(info=SimpleNamespace(name=name))
        for name in ("MainStackTrace", "MainEncounteredError", "LogModelResult")
    )
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError:
        kept = [logger.filter(event) for event in (encountered, stack, other)]
    assert kept == [False, False, True]
    reported = capsys.readouterr().err
    assert reported.count("\n") == 1
    assert reported.startswith(f"dbt stopped: the disk of {tmp_path} is full")
    try:
        raise KeyError("a fault of the program")
    except KeyError:
        assert logger.filter(stack)
