"""What a local run puts in the place of Azure: folders, files and the run's own settings."""

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
    """Listen to nothing."""


def _unheard(tsql: str) -> None:
    """Hear nothing."""


@dataclass(frozen=True)
class Environment:
    """Where linked services lead on this machine.

    `global_parameters` override the factory's own, as a deployment to another environment does.
    `places` say what stands for a linked service, by its name in lower case: a database file of
    the source's stand-in, a folder, an address. None is for our own factory, whose database is the
    home's source, and whose storage is the home's lake; in another factory a service without a
    place is refused. `online` lets Web activities leave this machine.
    `tokens` are what the factory's managed identity gets for a resource, such as
    `https://storage.azure.com`. `jobs` are Databricks jobs by their id: each takes parameters,
    and raises `MedallionError` when it fails. `longest_pause` shortens pauses, in `Wait` and
    between retries, to so many seconds; `pause` is called instead of waiting. `on_tsql` hears each
    text that is sent to a database, in the thread that told the listener of its activity.
    `queues` are where runs of a pipeline with `concurrency` wait for each other.
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
        """The file that stands for the database of a linked service."""
        return self.home.source_database if self.places is None else Path(self.place(service))

    def storage(self, service: str) -> Path:
        """The folder that stands for the storage account of a linked service."""
        return self.home.lake if self.places is None else Path(self.place(service))

    def place(self, service: str) -> str:
        """What stands for a linked service of another factory; refuses one that has no place."""
        found = (self.places or {}).get(service.lower())
        if found is None:
            raise ActivityError(
                f"Nothing on this machine stands for the linked service '{service}'; "
                f"name what does with --linked-service '{service}=…'.",
                NOT_HERE,
            )
        return found
