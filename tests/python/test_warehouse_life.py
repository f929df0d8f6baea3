"""The warehouse as a process: started once, found again, stopped, killed."""

import os
import signal
import socket

import pytest
from medallion.errors import MedallionError
from medallion.home import Home
from medallion.local.warehouse import process, profiles, state

from warehouse_sql import Started, close_all, failing


@pytest.fixture
def home(tmp_path):
    here = Home(tmp_path / "home")
    yield here
    close_all()
    process.stop(here)


def test_tables_views_and_comments_outlive_down_and_up_and_a_kill(home):
    first = Started(home)
    first.run("create schema s")
    first.run("create table s.t comment 'kept' as select 1 as id, 'a' as name")
    first.run("create view s.v as select id + 1 as next from s.t")
    port = first.state.port
    assert process.stop(home)
    second = Started(home)
    assert second.state.port == port
    assert second.rows("select * from s.v") == [(2,)]
    os.kill(second.state.pid, signal.SIGKILL)
    process.stop(home)
    third = Started(home)
    assert third.rows("select name from s.t") == [("a",)]
    shown = third.rows("select comment from system.information_schema.tables where table_name='t'")
    assert shown == [("kept",)]


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
        with pytest.raises(MedallionError, match=f"Port {taken} on 127.0.0.1 is taken"):
            process.start(home, taken)
    assert process.running(home) is None


def test_a_stale_process_number_is_not_taken_for_the_server(home):
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
