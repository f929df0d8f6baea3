"""The operator's tool without the extra `local`, as `pip install .` leaves it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# Hides the packages of the extra, as files and as installed distributions, and the emulators.
HIDE = """
import importlib.metadata, sys
from packaging.requirements import Requirement

real = importlib.metadata.distribution
extra = {r.name for r in map(Requirement, importlib.metadata.requires("medallion"))
         if r.marker and r.marker.evaluate({"extra": "local"})
         and not r.marker.evaluate({"extra": ""})}
assert {"duckdb", "pysail", "sqlglot"} <= extra
modules = {"medallion_local", "duckdb", "duckdb_extension_delta", "deltalake", "pysail",
           "pyspark", "sqlglot", "maxdop", "trustme", "psutil"}

def distribution(name):
    if name in extra:
        raise importlib.metadata.PackageNotFoundError(name)
    return real(name)

class Hidden:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in modules:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

importlib.metadata.distribution = distribution
sys.meta_path.insert(0, Hidden())
from medallion.cli import main
main()
"""


def medallion(*arguments: str, folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", HIDE, *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"COLUMNS": "200", "NO_COLOR": "1"},
    )


def test_the_help_lists_the_commands_for_azure_and_names_the_extra() -> None:
    shown = medallion("--help")
    assert shown.returncode == 0
    assert "ingest" in shown.stdout and "receipts" in shown.stdout
    assert "│ demo" not in shown.stdout and "pip install '.[local]'" in shown.stdout
    assert "--target" in medallion("ingest", "--target", "prod", "--help").stdout


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("ingest", "The laptop's emulators need duckdb,"),
        ("describe", "This command needs the package sqlglot"),
        ("ingest --target prod", "MEDALLION_SUBSCRIPTION_ID is not set"),
    ],
)
def test_a_command_that_lacks_something_says_so_in_one_sentence(
    command: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MEDALLION_SUBSCRIPTION_ID", raising=False)
    ended = medallion(*command.split())
    assert ended.returncode == 1
    assert ended.stderr.strip().startswith(f"error: {said}")
    assert len(ended.stderr.strip().splitlines()) == 1
