"""The embedded engine's server: its port is closed, and its lost connections are replaced."""

import os
import socket

import pytest

from medallion.errors import MedallionError
from medallion_local.databricks_sql.sail import private_server
from medallion_local.databricks_sql.sail.private_server import PrivateServer
from support.listeners import answering, listeners

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00"
SETTINGS = b"\x04"  # the type of the frame with which a server begins

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def greeting(server: PrivateServer) -> bytes:
    """The type of the first frame that the server sends to a new client."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(server.path))
        client.sendall(PREFACE)
        return client.recv(64)[3:4]


def test_a_lost_connection_is_replaced_until_none_is_left():
    server = PrivateServer(connections=2)
    assert [greeting(server), greeting(server)] == [SETTINGS, SETTINGS]
    assert not server.exhausted
    with pytest.raises(OSError):
        greeting(server)
    assert server.exhausted


def test_its_socket_is_in_a_folder_of_its_user_and_goes_with_it():
    server = PrivateServer(connections=1)
    folder = server.path.parent
    assert folder.stat().st_mode & 0o077 == 0
    server.close()
    assert not folder.exists()


def test_a_start_during_which_others_connect_is_given_up(monkeypatch):
    accepted = iter(range(0, 10_000, 3))  # two connections of ours, one of somebody else
    monkeypatch.setattr(private_server, "_accepted_by_system", lambda: next(accepted))
    monkeypatch.setattr(private_server, "_SECONDS_TO_START", 0.5)
    with pytest.raises(MedallionError, match="other programs connected"):
        PrivateServer(connections=2)


@needs_root
def test_another_user_reaches_a_bare_server_and_not_ours():
    """Without the first half, the probe might find nothing anywhere."""
    from pysail.spark import SparkConnectServer

    bare = SparkConnectServer("127.0.0.1", 0)
    bare.start(background=True)
    port = bare.listening_address[1]
    before = listeners(os.getpid())
    assert port in before
    assert answering([port]) == [f"{port}: spark_connect"]
    server = PrivateServer(connections=1)
    added = [one for one in listeners(os.getpid()) if one not in before]
    assert added == [str(server.path)]
    assert answering(added) == []
    server.close()
