import pytest


@pytest.fixture(scope="session")
def lakehouse(tmp_path_factory):
    """A fresh home with a running warehouse; its stages run when a test first asks for them."""
    from lakehouse import Lakehouse  # slow to import, and few tests need it

    lakehouse = Lakehouse(tmp_path_factory.mktemp("lakehouse"))
    lakehouse.run(["medallion", "up"])
    yield lakehouse
    lakehouse.run(["medallion", "down"])
