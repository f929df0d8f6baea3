"""`medallion vault serve` prints everything that `medallion run` needs."""

import signal
import socket
import subprocess
import sys

import pytest

from medallion.azure.key_vault import environment
from medallion.home import PROJECT_ROOT
from support.vault_servers import clean_environment, live_in

SERVE = [sys.executable, "-c", "from medallion.cli import main; main()", "vault", "serve"]


@pytest.fixture
def ours(tmp_path):
    return clean_environment() | {
        "PYTHONPATH": str(PROJECT_ROOT),
        "MEDALLION_HOME": str(tmp_path),
    }


def test_the_printed_variables_lead_to_the_placeholders(ours, monkeypatch):
    process = subprocess.Popen(SERVE, env=ours, stdout=subprocess.PIPE, text=True)
    with process:
        printed = [process.stdout.readline() for _ in range(7)]
        exports = dict(
            line.removeprefix("export ").strip().split("=", 1)
            for line in printed
            if line.startswith("export ")
        )
        live_in(exports, monkeypatch)
        got = environment("prod", exports["MEDALLION_KEY_VAULT_URL"], {})
        assert got["DATABRICKS_HOST"] == "placeholder-of-databricks-host"
        process.send_signal(signal.SIGINT)
    assert process.returncode == 0


def test_a_port_that_is_taken_is_a_sentence(ours):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        done = subprocess.run(
            [*SERVE, "--port", str(port)], env=ours, capture_output=True, text=True, timeout=60
        )
    assert done.returncode == 1
    assert done.stderr == (
        f"error: Port {port} on 127.0.0.1 cannot be used (Address already in use): choose "
        "another.\n"
    )
