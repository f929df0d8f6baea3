"""A pytest plugin: the fixture `databricks_warehouse` is a running local SQL warehouse.

A conftest.py uses it with `pytest_plugins = ["medallion_local.pytest_plugin"]`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import client, exports, process, profiles
from medallion_local.databricks_sql.lifecycle.state import State

if TYPE_CHECKING:
    from databricks.sql.client import Connection

CATALOG = "dev"


@dataclass(frozen=True)
class LocalWarehouse:
    """A running warehouse, which ends with the tests."""

    home: Home
    state: State

    def connect(self, catalog: str = CATALOG) -> "Connection":
        """A new session of databricks-sql-connector."""
        return client.connect(self.home, self.state, catalog)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that other programs need, for example DATABRICKS_HOST."""
        return exports.variables(self.home, self.state)

    @property
    def dbt_target(self) -> dict:
        """The settings of a target in dbt's profiles.yml."""
        return profiles.local_output(self.home, self.state)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that chooses the engine."""
    parser.addoption("--databricks-engine", choices=["sail", "spark"], default="sail")


@pytest.fixture(scope="session")
def databricks_warehouse(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LocalWarehouse]:
    """A warehouse with the catalog `dev`, in a folder of its own."""
    home = Home(tmp_path_factory.mktemp("warehouse"))
    engine = request.config.getoption("--databricks-engine")
    state, _ = process.start(home, engine=engine, catalog=CATALOG)
    yield LocalWarehouse(home, state)
    process.stop(home)
