"""The local Azure services, as far as the operator's tool needs them.

The emulators are a separate package, `medallion_local`, which is installed with the extra
`local`. It registers itself under the two entry points below; this package never imports it.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, entry_points, requires
from pathlib import Path
from typing import Any, Protocol

from packaging.requirements import Requirement

from medallion.errors import MedallionError
from medallion.finding import Finding
from medallion.home import Home
from medallion.ingestion.request import IngestResult
from medallion.ingestion.savings import Day, Size

SERVICES = "medallion.laptop"
COMMANDS = "medallion.commands"
DISTRIBUTION = "medallion"
EXTRA = "local"

Progress = Callable[[str, str, bool], None]


@dataclass(frozen=True)
class Landed:
    """A local ingestion, with a full reload's size per table, and each day's share of the run."""

    result: IngestResult
    full_reload: dict[str, Size]
    days: Sequence[Day]


class Laptop(Protocol):
    """The local services that the commands of this package use."""

    def ingest(
        self,
        home: Home,
        table: str | None,
        from_date: str | None,
        to_date: str | None,
        allow_partial: bool,
        crash_before: str | None,
        crash_after: str | None,
        progress: Progress,
    ) -> Landed:
        """Run `pl_ingest` on this machine; `progress` gets a table, its activity, and its end."""

    def catalogue(self, home: Home) -> str:
        """The output of sql/azure_sql/catalogue.sql on the home's source database, as JSON."""

    def start_warehouse(self, home: Home) -> str:
        """Start the home's warehouse if it does not run, and add it to profiles.yml.

        Returns a text about the result.
        """

    def empty_warehouse(self, work: Path) -> AbstractContextManager[dict[str, str]]:
        """A warehouse without tables while the block runs; yields the environment for dbt."""

    def purge_table(self, home: Home, schema: str, name: str) -> tuple[int, int]:
        """Remove old files and log entries of a table that its current version does not need.

        Returns the number of files and of entries.
        """

    def announce_rewritten(self, home: Home, file: Path, size: int, modified_ns: int) -> None:
        """Let bronze know the size that a landed file will have, so it is not read again."""

    def left_running(self, home: Home) -> str:
        """A sentence about each process that outlives the commands; empty without one."""

    def examine(self, home: Home) -> Iterator[Finding]:
        """What the emulators lack on this machine and in this home."""


def laptop() -> Laptop:
    """The installed emulators. Raises `MedallionError` when they are not installed."""
    if lacking := missing():
        raise MedallionError(
            f"The laptop's emulators need {', '.join(lacking)}: run `pip install '.[{EXTRA}]'` in "
            "the project, or name a target in Azure."
        )
    found: Laptop = _loaded(SERVICES)
    return found


def register_commands(app: Any) -> None:
    """Add the emulators' commands to the command line, if the emulators are installed."""
    if not missing():
        _loaded(COMMANDS)(app)


@cache
def missing() -> tuple[str, ...]:
    """The packages of the extra `local` that are not installed."""
    wanted = [Requirement(one) for one in requires(DISTRIBUTION) or []]
    return tuple(
        one.name
        for one in wanted
        if one.marker
        and one.marker.evaluate({"extra": EXTRA})
        and not one.marker.evaluate({"extra": ""})
        and not _is_installed(one.name)
    )


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _loaded(group: str) -> Any:
    """The object behind this distribution's entry point in a group."""
    found = tuple(entry_points(group=group))
    if len(found) != 1:
        raise MedallionError(
            f"The environment has another version of {DISTRIBUTION}: run `make dev` in the project."
        )
    return found[0].load()
