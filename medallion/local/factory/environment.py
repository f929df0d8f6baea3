"""What a local run puts in the place of Azure: folders, files and the run's own settings."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medallion.home import Home
from medallion.local.factory.events import Event, Listener
from medallion.local.factory.files import FactoryFiles


def _ignore(event: Event) -> None:
    """Listen to nothing."""


def _unheard(tsql: str) -> None:
    """Hear nothing."""


@dataclass(frozen=True)
class Environment:
    """Where linked services lead on this machine.

    `global_parameters` override the factory's own, as a deployment to another environment does.
    `tokens` are what the factory's managed identity gets for a resource, such as
    `https://storage.azure.com`. `jobs` are Databricks jobs by their id: each takes parameters,
    and raises `MedallionError` when it fails. `pause` waits between retries and in `Wait`, in s.
    `most_at_once` is how many activities, and iterations of a loop, may run at the same time:
    with 1 they run one after another, in the same order each time. `on_tsql` hears each text
    that is sent to a database.
    """

    home: Home
    files: FactoryFiles = field(default_factory=FactoryFiles)
    global_parameters: dict[str, Any] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    listener: Listener = _ignore
    pause: Callable[[float], None] = time.sleep
    jobs: dict[str, Callable[[dict[str, str]], None]] = field(default_factory=dict)
    most_at_once: int = 1
    on_tsql: Callable[[str], None] = _unheard

    @property
    def runs(self) -> Path:
        """The folder of run records."""
        return self.home.factory / "runs"
