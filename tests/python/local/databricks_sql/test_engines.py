"""The two engines of the warehouse: how they start, and what one that cannot start says."""

import os
import signal
import time
import uuid
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.databricks_sql import clock
from medallion_local.databricks_sql.lifecycle import process, state
from medallion_local.databricks_sql.spark import distribution
from support.listeners import answering, listeners
from support.warehouse_sql import ENGINES, SPARK, Started, close_all


@pytest.fixture(scope="module", params=ENGINES)
def warehouse(request, tmp_path_factory):
    """A warehouse on each engine, whose clock stands still."""
    folder = tmp_path_factory.mktemp("engine")
    (folder / "clock").write_text("2025-01-31T12:00:00+01:00")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(clock.VARIABLE, str(folder / "clock"))
        started = Started(Home(folder / "My Häuse"), request.param)
    yield started
    close_all()
    process.stop(started.home)


def test_it_writes_and_reads_tables(warehouse):
    warehouse.run("create schema s")
    warehouse.run("create table s.t as select id, id % 2 = 0 as even from range(3)")
    source = "(select 1L as id) as n"
    warehouse.run(f"merge into s.t using {source} on t.id = n.id when matched then delete")
    assert warehouse.rows("select id, even from s.t order by id") == [(0, True), (2, True)]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_gets_no_answer_at_any_socket(warehouse):
    found = listeners(warehouse.state.pid)
    assert warehouse.state.port in found
    assert answering(found) == []


def test_its_clock_can_stand_still(warehouse):
    query = "select current_date(), unix_timestamp(current_timestamp())"
    [(day, seconds)] = warehouse.rows(query)
    assert (str(day), seconds) == ("2025-01-31", 1738321200)


def test_it_starts_again_with_the_engine_of_the_last_time(warehouse):
    other = "sail" if warehouse.state.engine == "spark" else "spark"
    with pytest.raises(MedallionError, match=f"with the engine {warehouse.state.engine}"):
        process.start(warehouse.home, engine=other)
    assert process.start(warehouse.home) == (warehouse.state, False)
    assert process.stop(warehouse.home)
    assert state.read(warehouse.home).engine == warehouse.state.engine


@pytest.mark.parametrize("engine", [SPARK])
def test_spark_needs_its_token_and_ends_with_a_killed_warehouse(engine, tmp_path):
    import grpc
    from pyspark.sql.connect.proto import ConfigRequest, SparkConnectServiceStub

    started = Started(Home(tmp_path), engine)
    [java] = [pid for pid in _processes() if f"{tmp_path}/warehouse/spark" in _command(pid)]
    port = _command(java).partition("spark.connect.grpc.binding.port=")[2].split("\0")[0]
    request = ConfigRequest(session_id=str(uuid.uuid4()))
    channel = grpc.insecure_channel(f"localhost:{port}")
    with channel, pytest.raises(grpc.RpcError) as refusal:
        SparkConnectServiceStub(channel).Config(request, timeout=30)
    assert refusal.value.code() == grpc.StatusCode.UNAUTHENTICATED
    os.kill(started.state.pid, signal.SIGKILL)
    end = time.monotonic() + 30
    while java in _processes() and time.monotonic() < end:
        time.sleep(0.1)
    assert java not in _processes()


def _processes() -> list[int]:
    """The processes that have not ended."""
    return [
        int(e.name) for e in Path("/proc").iterdir() if e.name.isdigit() and _command(int(e.name))
    ]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def _program(folder: Path, name: str, script: str) -> None:
    file = folder / "bin" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with Spark, Java 17 and a Maven that fails; a test removes what it is about."""
    (tmp_path / "pyspark" / "jars").mkdir(parents=True)
    spec = ModuleSpec("pyspark", None, origin=str(tmp_path / "pyspark" / "__init__.py"))
    monkeypatch.setattr(distribution.importlib.util, "find_spec", lambda name: spec)
    _program(tmp_path, "java", "echo 'openjdk version \"17.0.1\"' >&2")
    _program(tmp_path, "mvn", "echo 'no network'; exit 1")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.delenv(distribution.JARS, raising=False)
    return tmp_path


def refused(match: str) -> None:
    with pytest.raises(MedallionError, match=match):
        distribution.prepare()


def test_what_spark_lacks_is_named(machine, monkeypatch):
    refused("Maven cannot get io.delta:.*: no network")
    (machine / "bin" / "mvn").unlink()
    refused("jars are missing: install Maven, or copy")
    (machine / "mine").mkdir()
    (machine / "mine" / "other.jar").touch()
    monkeypatch.setenv(distribution.JARS, str(machine / "mine"))
    refused(f"jars are missing: unset {distribution.JARS}, or copy")
    assert (machine / "mine" / "other.jar").exists()
    _program(machine, "java", "echo 'openjdk version \"11.0.2\"' >&2")
    refused("Java 17 or newer, and .* is version 11")
    (machine / "bin" / "java").unlink()
    refused("needs Java 17: install it")
    (machine / "pyspark" / "jars").rmdir()
    refused("run `make spark`")


def test_a_warehouse_without_its_engine_is_not_started(machine, tmp_path):
    home = Home(tmp_path / "home")
    with pytest.raises(MedallionError, match="Maven cannot get"):
        process.start(home, engine="spark")
    assert process.running(home) is None and not process.log_file(home).exists()
