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


# The files that share the fixture `lakehouse`.
END_TO_END = {
    f"tests/python/{name}"
    for name in (
        *("dbt/test_end_to_end.py", "dbt/test_governance.py", "erasure/test_erase.py"),
        *("report/test_report_of_lakehouse.py", "serving/test_serving.py", "slim/test_slim.py"),
    )
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes longest comes first, so that no worker is left alone with it at the end."""

    def file(item: pytest.Item) -> str:
        return item.nodeid.partition("::")[0]

    shared = {file(item) for item in items if "lakehouse" in getattr(item, "fixturenames", ())}
    if unlisted := shared - END_TO_END:
        raise pytest.UsageError(f"add {unlisted} to END_TO_END: they use the fixture `lakehouse`")
    long = {file(item) for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: (file(item) not in END_TO_END, file(item) not in long))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Give a file to one worker, and all files that share the lakehouse to the same."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return "lakehouse" if file in END_TO_END else file

    return Scheduling(config, log)


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch):
    """Skip fsync: only a power cut would need it, because files outlive a killed process."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="session", autouse=True)
def one_parse(tmp_path_factory):
    """Share dbt's parse of the project between the homes of all workers."""
    from support.parsed import FILE, SHARED

    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    os.environ[SHARED] = str(folder / FILE)


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
