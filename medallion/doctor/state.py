"""Checks of the home, its disk, the clock, and dbt's profile."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from ruamel.yaml import YAML, YAMLError

from medallion.errors import MedallionError
from medallion.finding import Finding, fault, note, ok
from medallion.home import PROJECT_ROOT, Home
from medallion.profiles import profile_name, profiles_dir, require_own

_FULL, _SCARCE = 2**28, 2**31  # bytes: of one build of the sample, and of some days with room
_TOLERATED = 120.0  # seconds by which a file may be younger than now


def examine(home: Home) -> Iterator[Finding]:
    """The folder, the space on its disk, the clock, and the targets of dbt."""
    yield _home(home)
    yield _disk(home)
    yield _clock(home)
    yield _profile(home)


def _home(home: Home) -> Finding:
    root = home.root
    if not root.exists():
        return ok("home", f"{root} does not exist yet.")
    if not os.access(root, os.R_OK | os.W_OK | os.X_OK):
        fix = f"Run `chown -R $USER {root}`, or set MEDALLION_HOME to a folder of your own."
        return fault("home", f"This user cannot write to {root}.", fix)
    return ok("home", f"{root}.")


def _disk(home: Home) -> Finding:
    place = next(one for one in (home.root, *home.root.parents) if one.exists())
    free = shutil.disk_usage(place).free
    said = f"{free / 2**30:,.1f} GiB are free at {place}."
    if free >= _SCARCE:
        return ok("disk", said)
    fix = "Free space, or set MEDALLION_HOME to a folder on another disk."
    return fault("disk", said, fix) if free < _FULL else note("disk", said, fix)


def _clock(home: Home) -> Finding:
    """A clock that is behind gives changes that look older than those already landed."""
    ahead = _newest(home) - time.time()
    if ahead <= _TOLERATED:
        return ok("clock", f"{time.strftime('%Y-%m-%d %H:%M:%S', time.gmtime())} UTC.")
    said = (
        f"Files of {home.root} or of the project are from {ahead / 3600:,.1f} hours in the future."
    )
    return fault("clock", said, "Set the clock; on Linux: `timedatectl set-ntp true`.")


def _newest(home: Home) -> float:
    """The time of the newest file that commands write, in seconds since 1970; 0 without any."""
    places = [PROJECT_ROOT / ".git" / "index", home.source_database]
    for folder in (home.root, home.warehouse, home.factory):
        if folder.is_dir():
            places += folder.iterdir()
    return max((one.stat().st_mtime for one in places if one.exists()), default=0.0)


def _profile(home: Home) -> Finding:
    file: Path = profiles_dir() / "profiles.yml"
    up = "Run `medallion up`, which writes it."
    if not file.exists():
        return note("profile", f"{file} does not exist.", up)
    try:
        targets = (YAML(typ="safe").load(file) or {})[profile_name()]["outputs"]
        require_own(targets["local"], home)
    except (OSError, YAMLError) as error:
        said = f"{file} cannot be read: {str(error).splitlines()[0]}."
        return fault("profile", said, f"Correct it, or remove it: {up}")
    except (KeyError, TypeError, AttributeError):
        return note(
            "profile", f"{file} has no target `local` of the profile `{profile_name()}`.", up
        )
    except MedallionError as error:
        return fault("profile", f"{error}.", up)
    if file.stat().st_mode & 0o077:
        fix = f"Run `chmod 600 {file}`: it contains the warehouse's token."
        return fault("profile", f"Other users can read {file}.", fix)
    return ok("profile", f"{file} with the targets {', '.join(targets)}.")
