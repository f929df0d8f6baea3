import os
import signal

import pytest

# A shell starts what it puts in the background with Ctrl-C ignored, and children inherit that: the
# tests of interrupts would then wait for ever.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def no_fsync(monkeypatch):
    """Only a power loss would need it: what a process has written outlives the process."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture(scope="session")
def new_lakehouse(tmp_path_factory):
    """Makes fresh homes, each with a running warehouse until the tests end."""
    from support.lakehouse import Lakehouse  # slow to import, and few tests need it

    running = []

    def make() -> Lakehouse:
        # Not every reader of a path takes a blank or a letter outside ASCII by itself.
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
    """The lakehouse of the end-to-end story; its stages run when a test first asks for them."""
    return new_lakehouse()
