"""The warehouse as a process: it is started once, found again, stopped, killed."""

import os
import shutil
import signal
import socket
import subprocess

import pytest

from medallion.errors import MedallionError
from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import process, profiles, state
from support.warehouse_sql import Started, close_all, failing


@pytest.fixture
def home(tmp_path):
    yield Home(tmp_path / "it's #1 {ä}" / "home")
    close_all()
    for file in tmp_path.rglob("state.json"):
        process.stop(Home(file.parent.parent))


def test_tables_views_and_comments_survive_a_restart_and_a_kill(home):
    first = Started(home)
    first.run("create schema s")
    first.run("create table s.t comment 'kept' as select 1 as id, 'a' as name")
    first.run("create view s.v as select id + 1 as next from s.t")
    odd = "location 'abfss://gold@a.dfs.core.windows.net/my gold/ä'"
    first.run(f"create table s.`ä-b` {odd} as select 1 as id")
    first.run(
        "merge into s.`ä-b` as t using (select next as id from s.v) as v on t.id = v.id "
        "when not matched then insert *"
    )
    port = first.state.port
    assert process.stop(home)
    second = Started(home)
    assert second.state.port == port
    assert second.rows("select * from s.v") == [(2,)]
    os.kill(second.state.pid, signal.SIGKILL)
    process.stop(home)
    home.root.rename(home.root.with_name("moved & é"))
    third = Started(Home(home.root.with_name("moved & é")))
    assert third.rows("select name from s.t") == [("a",)]
    location = dict(row[:2] for row in third.rows("describe table extended s.t"))["Location"]
    assert location.startswith(f"{third.home.root}/warehouse/tables/s/t-")
    assert sorted(third.rows("select * from s.`ä-b`")) == [(1,), (2,)]
    shown = third.rows("select comment from system.information_schema.tables where table_name='t'")
    assert shown == [("kept",)]


def test_a_copied_home_gets_a_warehouse_of_its_own(home):
    original = Started(home)
    original.run("create schema s")
    original.run("create table s.t as select 1 as id")
    copy = Home(home.root.with_name("copy"))
    shutil.copytree(home.root, copy.root)
    assert state.copied_from(copy) == home.root and state.copied_from(home) is None
    assert process.running(copy) is None and not process.stop(copy)
    assert process.running(home) == original.state
    own = Started(copy)
    assert (own.state.port, own.state.token) != (original.state.port, original.state.token)
    assert own.state.token != original.state.token and state.copied_from(copy) is None
    own.run("insert into s.t values (2)")
    assert sorted(own.rows("select id from s.t")) == [(1,), (2,)]
    assert original.rows("select id from s.t") == [(1,)]


def test_the_server_of_a_moved_home_is_recognized(home):
    place = home.root.with_name("before")
    with subprocess.Popen(["sleep", "60"]) as server:
        begun = state.start_of(server.pid)
        state.write(home, state.State(1, "token", server.pid, begun, str(place)))
        assert process.running(home).pid == server.pid
        assert process.is_moved(home, process.running(home))
        assert process.stop(home)
        assert state.start_of(server.pid) == ""
    state.write(Home(place), state.State(1, "another token", home=str(place)))
    assert state.copied_from(home) is None, "another home has taken its place"
    linked = Home(home.root.with_name("linked"))
    linked.root.symlink_to(home.root)
    state.write(home, state.State(1, "token", home=str(home.root)))
    assert state.copied_from(linked) is None


def test_a_second_up_finds_the_first(home):
    first, started = process.start(home)
    second, again = process.start(home)
    assert started and not again
    assert first == second


def test_a_taken_port_is_one_sentence(home):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(MedallionError, match=f"Port {taken} on 127.0.0.1 is in use"):
            process.start(home, taken)
    assert process.running(home) is None


def test_others_cannot_read_what_the_home_holds(tmp_path, home):
    (home.lake / "bronze").mkdir(parents=True)
    home.source_database.write_bytes(b"names")
    beside = home.root / "beside"  # a file of the user's own
    beside.touch()
    for path in (home.lake, home.source_database, beside):
        path.chmod(0o755)
    os.umask(before := os.umask(0o022))
    server = Started(home)
    server.run("create schema s")
    server.run("create table s.t as select 1 as id")
    file = profiles.write_profile(tmp_path, home, server.state)
    file.chmod(0o644)
    assert profiles.write_profile(tmp_path, home, server.state).stat().st_mode & 0o077 == 0
    assert os.umask(before) == before
    assert beside.stat().st_mode & 0o777 == 0o755
    beside.unlink()
    (home.lake / "bronze").rmdir()  # is below a folder that only its user can enter
    written = [path for path in home.root.rglob("*") if not path.is_symlink()]
    assert any(path.name == "warehouse.log" for path in written)
    assert any(path.suffix == ".parquet" for path in written)
    assert [path for path in written if path.stat().st_mode & 0o077] == []


def test_a_stale_process_id_is_not_mistaken_for_the_server(home):
    state.write(home, state.State(1, "token", os.getpid(), "a start time of another process"))
    assert process.running(home) is None
    assert not process.stop(home)
    assert state.read(home).pid == 0


def test_another_token_is_refused(home):
    server = Started(home)
    message = failing(lambda: server.connect("dapi-of-somebody-else"))
    assert "401" in message or "UNAUTHENTICATED" in message or "error" in message.lower()


def test_the_profile_keeps_what_others_wrote(tmp_path, home):
    made = state.State(4711, "dapi1")
    file = profiles.write_profile(tmp_path, home, made)
    assert "127.0.0.1:4711" in file.read_text()
    file.write_text(file.read_text() + "other:\n  target: x  # mine\n  outputs: {}\n")
    profiles.write_profile(tmp_path, home, state.State(4712, "dapi1"))
    text = file.read_text()
    assert "127.0.0.1:4712" in text
    assert "127.0.0.1:4711" not in text
    assert "target: x  # mine" in text
