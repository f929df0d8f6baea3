"""Checks of the programs and the Python packages."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from medallion.finding import Finding, fault, note, ok
from medallion.home import PROJECT_ROOT, same_folder
from medallion.laptop import DISTRIBUTION

_SHOWN = 3


def examine() -> Iterator[Finding]:
    """Python, make, git, the packages, and whose programs a shell finds."""
    yield _python()
    yield from _programs()
    yield _packages(_lock_file(), Path(sys.prefix))
    yield from _shell()


def _python() -> Finding:
    wanted = SpecifierSet(metadata(DISTRIBUTION)["Requires-Python"])
    said = f"Python {platform.python_version()}"
    if wanted.contains(platform.python_version(), prereleases=True):
        return ok("python", f"{said} at {sys.executable}.")
    fix = f"Remove .venv and run `make demo PYTHON=…` with a Python that is {wanted}."
    return fault("python", f"{said} is not supported.", fix)


def _programs() -> Iterator[Finding]:
    for name, use in (("make", "to set up and to test"), ("git", "to compare versions")):
        found = shutil.which(name)
        if found:
            yield ok(name, f"{found}.")
        else:
            yield fault(
                name, f"{name} is not installed, which is needed {use}.", f"Install {name}."
            )


def _lock_file() -> Path:
    """The lock file that `make` installed."""
    with_tools = (Path(sys.prefix) / ".installed-dev").exists()
    return PROJECT_ROOT / ("requirements-dev.txt" if with_tools else "requirements.txt")


def _packages(lock: Path, prefix: Path) -> Finding:
    """Whether the installed packages are those of the lock file."""
    try:
        lines = lock.read_text(encoding="utf-8").splitlines()
    except OSError:
        return note("packages", f"{lock} cannot be read, so versions are not compared.")
    pins = [Requirement(line.rstrip("\\ ")) for line in lines if line[:1].isalnum()]
    pins = [one for one in pins if one.marker is None or one.marker.evaluate()]
    wrong = [
        f"{one.name} {_installed(one.name) or 'is missing'}" for one in pins if not _as_locked(one)
    ]
    if not wrong:
        return ok("packages", f"{len(pins)} packages have the versions of {lock.name}.")
    shown = ", ".join(wrong[:_SHOWN]) + (f" and {len(wrong) - _SHOWN} more" * (len(wrong) > _SHOWN))
    return fault(
        "packages",
        f"The environment {prefix} is not that of {lock.name}: {shown}.",
        f"Run `make dev`; if that changes nothing, remove {prefix} and run `make demo`.",
    )


def _installed(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _as_locked(pin: Requirement) -> bool:
    found = _installed(pin.name)
    return found is not None and pin.specifier.contains(found, prereleases=True)


def _shell() -> Iterator[Finding]:
    """Whether a shell starts this environment's programs."""
    own = Path(sys.prefix) / "bin"
    for name in ("dbt", "medallion"):
        found = shutil.which(name)
        if found and same_folder(Path(found).parent, own):
            yield ok(f"`{name}`", f"{found}.")
        else:
            said = f"A shell starts {found}" if found else "A shell finds no such program"
            fix = f"Run `source {own}/activate`, or start {own / name}."
            yield note(f"`{name}`", f"{said}, and this environment is {sys.prefix}.", fix)
    active = os.environ.get("VIRTUAL_ENV")
    if active and not same_folder(Path(active), Path(sys.prefix)):
        said = f"The active environment is {active}, and this program's is {sys.prefix}."
        yield note("VIRTUAL_ENV", said, "Run `deactivate`, or activate this clone's environment.")
