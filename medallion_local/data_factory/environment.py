"""The local replacements of Azure's services: folders, files, and the run's own settings."""

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medallion.adf.files import FactoryFiles
from medallion.adf.language.errors import NOT_HERE, ActivityError
from medallion.home import Home
from medallion_local.data_factory.events import Event, Listener
from medallion_local.data_factory.waiting import Queues


def _ignore(event: Event) -> None:
    """The default listener, which ignores events."""


def _unheard(tsql: str) -> None:
    """The default listener for T-SQL, which ignores it."""


@dataclass(frozen=True)
class Environment:
    """The local places of linked services.

    `global_parameters` override the factory's own, as a deployment to another environment does.
    `places` are the local replacements of linked services, by their lower-case names: the database
    file of a local source, a folder, or an address. None means this project's factory: its database
    is the home's source, and its storage is the home's lake. In another factory a service without a
    place is rejected. `online` allows Web activities to leave this machine.
    `tokens` are the tokens of the factory's managed identity by resource, such as
    `https://storage.azure.com`. `jobs` are Databricks jobs by their id: each takes parameters,
    and raises `MedallionError` when it fails. `longest_pause` limits pauses, in `Wait` and between
    retries, to that many seconds; `pause` is called instead of waiting. `on_tsql` receives each
    text that is sent to a database, in the thread that notified the listener of its activity.
    `queues` hold the runs of pipelines with `concurrency` that wait for each other.
    """

    home: Home
    files: FactoryFiles = field(default_factory=FactoryFiles)
    global_parameters: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    listener: Listener = _ignore
    longest_pause: float = math.inf
    pause: Callable[[float], None] | None = None
    jobs: dict[str, Callable[[dict[str, str]], None]] = field(default_factory=dict)
    on_tsql: Callable[[str], None] = _unheard
    places: dict[str, str] | None = None
    online: bool = True
    queues: Queues = field(default_factory=Queues)

    @property
    def runs(self) -> Path:
        """The folder of run records."""
        return self.home.factory / "runs"

    def database(self, service: str) -> Path:
        """The file that replaces the database of a linked service."""
        return self.home.source_database if self.places is None else Path(self.place(service))

    def storage(self, service: str) -> Path:
        """The folder that replaces the storage account of a linked service."""
        return self.home.lake if self.places is None else Path(self.place(service))

    def place(self, service: str) -> str:
        """The local replacement of another factory's linked service; raises without one."""
        found = (self.places or {}).get(service.lower())
        if found is None:
            raise ActivityError(
                f"The linked service '{service}' has no local replacement; "
                f"name one with --linked-service '{service}=…'.",
                NOT_HERE,
            )
        return found
