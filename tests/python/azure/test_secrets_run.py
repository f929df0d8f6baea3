"""`medallion run` as a separate process, as an operator starts it."""

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from typer.testing import CliRunner

from medallion.cli import app
from medallion.cli.run import _target_of
from medallion.home import PROJECT_ROOT
from support.vault_servers import PROD, certificates_in, clean_environment, live_in, vault_servers

SECRET = PROD["databricks-client-secret"]
RUN = [sys.executable, "-c", "from medallion.cli import main; main()", "run"]


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    return certificates_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def azure(certificates):
    with vault_servers(certificates) as made:
        yield made


@pytest.fixture
def here(tmp_path):
    """The working folder of a run. Its home and temporary files are there, too."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def environment(folder: Path, **more: str) -> dict[str, str]:
    ours = {"HOME": str(folder), "TMPDIR": str(folder), "MEDALLION_HOME": str(folder / "home")}
    return clean_environment() | {"PYTHONPATH": str(PROJECT_ROOT)} | ours | more


def run(folder: Path, *arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*RUN, *arguments],
        env=environment(folder, **more),
        cwd=folder,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
    )


def started(folder: Path, *arguments: str, **more: str) -> subprocess.Popen:
    """A run whose command has printed a line to show that it is running."""
    process = subprocess.Popen(
        [*RUN, *arguments],
        env=environment(folder, **more),
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "ready\n"
    return process


def test_the_command_alone_sees_the_secrets(azure, here):
    with started(
        here, "--target", "prod", "--", "sh", "-c", "echo ready; read _", **azure.environment()
    ) as process:
        ours = psutil.Process(process.pid)
        (command,) = ours.children()
        assert command.environ()["DBT_ENV_SECRET_DATABRICKS_CLIENT_SECRET"] == SECRET
        assert command.environ()["DBT_TARGET"] == "prod"
        for each in (ours, command):
            assert SECRET not in "\0".join(each.cmdline())
        process.communicate("\n")
    assert process.returncode == 0


def test_our_own_environment_stays_as_it_was(azure, monkeypatch, here):
    live_in(azure.environment(), monkeypatch)
    before = dict(os.environ)
    command = f'test "$DBT_ENV_SECRET_DATABRICKS_CLIENT_SECRET" = {SECRET}'
    done = CliRunner().invoke(app, ["run", "--target", "prod", "--", "sh", "-c", command])
    assert done.exit_code == 0
    assert dict(os.environ) == before


def test_nothing_is_written_anywhere(azure, here):
    done = run(here, "--target", "prod", "--", "true", **azure.environment())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not [path for path in here.rglob("*") if path.is_file()]


def test_a_rotated_secret_is_seen_by_the_next_run(azure, here):
    command = ("--target", "dev", "--", "printenv", "DATABRICKS_HOST")
    assert run(here, *command, **azure.environment()).stdout.strip() == PROD["databricks-host"]
    azure.put(databricks_host="rotated.azuredatabricks.net")
    assert run(here, *command, **azure.environment()).stdout == "rotated.azuredatabricks.net\n"


def test_a_missing_secret_keeps_the_command_from_starting(azure, here):
    azure.vault.store.delete("databricks-client-secret")
    done = run(here, "--target", "prod", "--", "touch", "started", **azure.environment())
    assert done.returncode == 1
    assert done.stderr == (
        f"error: {azure.url} has no secret 'databricks-client-secret': set it, or recover it if it "
        "was deleted.\n"
    )
    assert not (here / "started").exists()


def test_a_failed_sign_in_is_one_line_on_the_console(azure, here):
    """azure-identity logs many lines of warnings, which Python prints if no handler is set."""
    variables = azure.environment() | {"IDENTITY_HEADER": "wrong", "MEDALLION_AZURE_AUTH": "auto"}
    done = run(here, "--target", "dev", "--", "true", **variables)
    assert done.returncode == 1
    assert done.stderr.startswith("error: Signing in to Azure by auto failed (")
    assert done.stderr.count("\n") == 1


def test_the_vault_is_named_by_an_option_too(azure, here):
    variables = azure.environment() | {"MEDALLION_KEY_VAULT_URL": "https://kv-nowhere.invalid"}
    command = ("--target", "dev", "--", "printenv", "DATABRICKS_HOST")
    done = run(here, "--vault", azure.url, *command, **variables)
    assert done.stdout.strip() == PROD["databricks-host"]


def test_the_target_is_the_one_that_dbt_is_given(azure, here):
    fake = here / "dbt"
    fake.write_text("#!/bin/sh\necho $* $DATABRICKS_HOST\n")
    fake.chmod(0o755)
    variables = azure.environment() | {"PATH": f"{here}:{os.environ['PATH']}"}
    done = run(here, "dbt", "build", "--target", "dev", **variables)
    assert done.stdout == f"build --target dev {PROD['databricks-host']}\n"


@pytest.mark.parametrize(
    ("command", "target"),
    [
        ("dbt build --target=dev --select x", "dev"),
        ("/opt/bin/dbt -t dev build", "dev"),
        ("dbt build --target dev --target prod", "prod"),
        ("dbt build --target-path target", None),
        ("dbt build --target", None),
        ("make -t dev", None),
    ],
)
def test_only_dbt_gets_its_target_from_its_arguments(command, target):
    assert _target_of(command.split()) == target


def test_the_local_target_reads_no_vault(azure, here):
    done = run(here, "--", "sh", "-c", "cat; exit 7", stdin="through", **azure.environment())
    assert (done.returncode, done.stdout) == (7, "through")
    assert azure.vault.requests == []


def test_a_missing_command_or_a_file_that_is_not_executable(here):
    done = run(here, "--", "no-such-command")
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr == "error: The command 'no-such-command' does not exist: check PATH.\n"
    (here / "text").write_text("no program")
    done = run(here, "--", "./text")
    assert done.returncode == 126
    assert done.stderr == "error: './text' cannot be started: Permission denied.\n"


def test_a_command_that_dies_by_a_signal(here):
    assert run(here, "--", "sh", "-c", "kill -KILL $$").returncode == 128 + signal.SIGKILL
    # Python ignores SIGPIPE, its children must not: otherwise `yes` would fail with an error.
    done = run(here, "--", "sh", "-c", "yes | head -1; echo done >&2")
    assert (done.stdout, done.stderr) == ("y\n", "done\n")


TRAPS = "trap 'echo got %s; exit 5' %s; echo ready; for i in $(seq 100); do sleep 0.05; done"


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_signals_reach_the_command(here, name):
    with started(here, "--", "sh", "-c", TRAPS.replace("%s", name)) as process:
        process.send_signal(getattr(signal, f"SIG{name}"))
        assert process.communicate(timeout=60)[0] == f"got {name}\n"
    assert process.returncode == 5


# Python runs its handler once for signals in quick succession; the pipe gets a byte for each.
COUNTS = """
import os, signal, time
from medallion.child import _terminal_reaches_all
get, put = os.pipe()
os.set_blocking(put, False)
signal.set_wakeup_fd(put)
signal.signal(signal.SIGINT, lambda *_: None)
print("terminal reaches all:", _terminal_reaches_all())
print("ready", flush=True)
count = len(os.read(get, 9))
time.sleep(0.3)
signal.set_wakeup_fd(-1)
os.close(put)
print("interrupts:", count + len(os.read(get, 9)), flush=True)
"""


def test_a_terminal_interrupts_the_command_once(here):
    """The terminal's Ctrl-C reaches the whole group, so passing it on would double it."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(here)
        command = [*RUN, "--", sys.executable, "-S", "-c", COUNTS]
        os.execve(sys.executable, command, environment(here))
    reported = b""
    while b"ready" not in reported:
        reported += os.read(terminal, 1024)
    os.write(terminal, b"\x03")
    status = None
    end = time.monotonic() + 60
    while status is None and time.monotonic() < end:
        try:
            reported += os.read(terminal, 1024)
        except OSError:  # the last one has closed the terminal
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(terminal)
    assert status == 0
    assert b"terminal reaches all: True" in reported
    assert (
        b"interrupts: 1" in reported
    )  # if the machine merges two signals, only the line above fails


def test_dbt_itself_signs_in_with_what_it_is_given(azure, here):
    """dbt rejects a profile with unset variables, and logs no secret ones."""
    (here / "dbt_project.yml").write_text("{name: probe, profile: medallion, version: '1.0'}\n")
    (here / "models").mkdir()
    (here / "models" / "one.sql").write_text("select '{{ target.host }}' as host")
    shutil.copyfile(PROJECT_ROOT / "profiles.yml.example", here / "profiles.yml")
    dbt = str(Path(sys.executable).with_name("dbt"))
    command = ("--", dbt, "--log-level-file", "debug", "parse", "--target", "prod")
    done = run(here, *command, **azure.environment())
    assert done.returncode == 0, done.stdout
    written = [path for path in here.rglob("*") if path.is_file()]
    assert any(path.name == "dbt.log" for path in written)
    assert not [path for path in written if SECRET.encode() in path.read_bytes()]
