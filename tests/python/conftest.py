import os
import signal
import sys

import pytest

# A shell starts background processes with Ctrl-C ignored, and children inherit that. The tests of
# interrupts would then wait forever.
signal.signal(signal.SIGINT, signal.default_int_handler)

# Containers often set it. Each process that a test starts would then compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give a file to one worker, and all files of the one `lakehouse` to the same. What takes
    longest comes first, so that no worker is left alone with it at the end.
    """
    shared = {item.path for item in items if "lakehouse" in getattr(item, "fixturenames", ())}
    long = {item.path for item in items if item.get_closest_marker("long")}
    for item in items:
        name = "lakehouse" if item.path in shared else item.nodeid.partition("::")[0]
        if config.pluginmanager.hasplugin("xdist"):
            item.add_marker(pytest.mark.xdist_group(name))
    items.sort(key=lambda item: (item.path not in shared, item.path not in long))


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch):
    """Skip fsync: only a power cut would need it, because files outlive a killed process."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="session")
def new_lakehouse(tmp_path_factory):
    """Create homes, each with a warehouse that runs until the tests end."""
    from support.lakehouse import Lakehouse  # slow to import, and few tests need it

    running = []

    def make() -> Lakehouse:
        # Some readers of paths fail for a blank or a non-ASCII letter.
        odd = tmp_path_factory.mktemp("lakehouse") / "My Projects" / "Häuse é"
        odd.mkdir(parents=True)
        lakehouse = Lakehouse(odd)
        lakehouse.run(["medallion", "up"])
        running.append(lakehouse)
        return lakehouse

    yield make
    for lakehouse in running:
        lakehouse.run(["medallion", "down"])


@pytest.fixture(scope="session")
def lakehouse(new_lakehouse):
    """The lakehouse of the end-to-end test. Its stages run when a test first needs them."""
    return new_lakehouse()
