import pytest


@pytest.fixture(scope="session")
def new_lakehouse(tmp_path_factory):
    """Makes fresh homes, each with a running warehouse until the tests end."""
    from lakehouse import Lakehouse  # slow to import, and few tests need it

    running = []

    def make() -> Lakehouse:
        lakehouse = Lakehouse(tmp_path_factory.mktemp("lakehouse"))
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
