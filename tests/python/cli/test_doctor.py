"""`medallion doctor` finds each fault, and names its fix."""

import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from medallion.doctor import environment, state
from medallion.finding import Finding
from medallion.home import Home
from medallion_local import doctor
from medallion_local.databricks_sql.lifecycle import state as states
from medallion_local.databricks_sql.lifecycle.profiles import write_profile
from medallion_local.databricks_sql.lifecycle.state import State

DOCTOR = [sys.executable, "-c", "from medallion.cli import main; main()", "doctor"]


def found(findings, check: str) -> Finding:
    [one] = [one for one in findings if one.check == check]
    return one


def run(home: Path, **variables: str) -> subprocess.CompletedProcess:
    environment = os.environ | {"MEDALLION_HOME": str(home), "DBT_PROFILES_DIR": str(home)}
    return subprocess.run(
        DOCTOR, env=environment | variables, capture_output=True, text=True, check=False
    )


def test_an_empty_home_has_notes_and_no_fault(tmp_path):
    done = run(tmp_path / "none")
    assert (done.returncode, done.stderr) == (0, "")
    assert "FAULT" not in done.stdout.upper()
    assert "Run `make demo`, or `medallion source init`." in done.stdout
    assert not (tmp_path / "none").exists()


def test_a_fault_is_exit_1(tmp_path):
    (tmp_path / "profiles.yml").write_text("medallion: [")
    done = run(tmp_path)
    assert done.returncode == 1
    assert "profiles.yml cannot be read" in done.stdout
    assert run(tmp_path, MEDALLION_HOME=str(tmp_path / "a%20b")).returncode == 1


def test_another_version_than_the_locked_one_is_named(tmp_path):
    lock = tmp_path / "requirements.txt"
    lock.write_text(
        "typer==0.0.1 \\\n    --hash=sha256:00\nnot-here==1.0\n"
        'nor-here==1.0 ; python_version < "3.0" \\\n    --hash=sha256:00\n'
    )
    one = environment._packages(lock, tmp_path)
    assert one.level == "fault"
    assert "typer" in one.said and "not-here is missing" in one.said and "nor-here" not in one.said


def test_an_old_python_is_a_fault(monkeypatch):
    monkeypatch.setattr(environment.platform, "python_version", lambda: "3.10.4")
    one = found(environment.examine(), "python")
    assert one.level == "fault" and "3.10.4 is not supported" in one.said and ">=3.11" in one.fix


def test_missing_programs_are_named(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    findings = list(environment.examine())
    assert {found(findings, name).level for name in ("make", "git")} == {"fault"}
    assert found(findings, "`dbt`").level == "note"


def test_another_active_environment_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    assert found(environment.examine(), "VIRTUAL_ENV").level == "note"


def test_a_clock_that_is_behind_is_a_fault(tmp_path):
    home = Home(tmp_path)
    home.source_database.touch()
    assert found(state.examine(home), "clock").level == "ok"
    later = time.time() + 3 * 3600
    os.utime(home.source_database, (later, later))
    one = found(state.examine(home), "clock")
    assert one.level == "fault" and "3.0 hours in the future" in one.said


def test_a_full_disk_is_a_fault_and_a_scarce_one_a_note(monkeypatch, tmp_path):
    for free, level in ((2**20, "fault"), (2**30, "note"), (2**40, "ok")):
        usage = SimpleNamespace(free=free)
        monkeypatch.setattr(state.shutil, "disk_usage", lambda place, usage=usage: usage)
        assert found(state.examine(Home(tmp_path / "new")), "disk").level == level


def test_the_profile_of_another_home_is_a_fault(monkeypatch, tmp_path):
    monkeypatch.setenv("DBT_PROFILES_DIR", str(tmp_path))
    mine, other = Home(tmp_path / "mine"), Home(tmp_path / "other")
    assert found(state.examine(mine), "profile").level == "note"
    file = write_profile(tmp_path, other, State(1, "dapi"))
    one = found(state.examine(mine), "profile")
    assert one.level == "fault" and str(other.root) in one.said and "medallion up" in one.fix
    assert found(state.examine(other), "profile").level == "ok"
    file.chmod(0o644)
    assert "chmod 600" in found(state.examine(other), "profile").fix


def test_a_warehouse_that_does_not_answer_is_a_fault(tmp_path):
    home = Home(tmp_path)
    assert found(doctor.examine(home), "warehouse").level == "note"
    pid = os.getpid()
    states.write(home, State(1, "dapi", pid, states.start_of(pid), str(tmp_path)))
    one = found(doctor.examine(home), "warehouse")
    assert one.level == "fault" and one.fix == "Run `medallion down`, then `medallion up`."


def test_a_proxy_for_the_loopback_is_a_fault(monkeypatch, tmp_path):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", "example.com")
    monkeypatch.delenv("no_proxy", raising=False)
    assert found(doctor.examine(Home(tmp_path)), "proxy").level == "fault"
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    assert found(doctor.examine(Home(tmp_path)), "proxy").level == "ok"


@pytest.mark.parametrize("java", ["", "/nowhere"])
def test_java_is_needed_only_for_spark(monkeypatch, tmp_path, java):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("JAVA_HOME", java)
    assert found(doctor.examine(Home(tmp_path)), "java").level == "note"
