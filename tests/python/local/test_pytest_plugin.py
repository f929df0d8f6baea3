"""The pytest plugin, as docs/local_warehouse.md shows it."""

import os
import subprocess
import sys

import pytest

from support.places import PROJECT


def documented() -> str:
    """The test file that the page shows."""
    page = (PROJECT / "docs" / "local_warehouse.md").read_text(encoding="utf-8")
    return page.partition("```python\n# test_orders.py\n")[2].partition("```")[0]


def test_the_documented_test_passes(tmp_path):
    (tmp_path / "conftest.py").write_text('pytest_plugins = ["medallion_local.pytest_plugin"]\n')
    (tmp_path / "test_orders.py").write_text(documented())
    arguments = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    done = subprocess.run(arguments, cwd=tmp_path, env=os.environ, capture_output=True, text=True)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert "1 passed" in done.stdout
