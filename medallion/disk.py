"""Turns the operating system's read and write errors into one sentence that names the path."""

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from medallion.home import home

# error number → its meaning and the fix
_MEANING = {
    errno.ENOSPC: "the disk of {0} is full; free space, then run the command again",
    errno.EDQUOT: "the disk quota at {0} is used up; free space, then run the command again",
    errno.EFBIG: "{0} cannot grow: it reached the maximum file size; raise the limit (`ulimit -f`)",
    errno.EROFS: "{0} is on a read-only file system; mount it writable, or set MEDALLION_HOME",
    errno.EACCES: "this user cannot access {0} (permission denied); grant the permissions",
    errno.EPERM: "this user cannot change {0} (operation not permitted); grant the permissions",
    errno.EMFILE: "too many files are open at {0}; raise the limit (`ulimit -n`)",
    errno.ENFILE: "the system has too many open files at {0}; raise its limit",
}
# Rust, DuckDB, Arrow and SQLite report the error number only in their message text.
_TEXTS = {os.strerror(number).lower(): number for number in _MEANING} | {
    "database or disk is full": errno.ENOSPC,
    "attempt to write a readonly database": errno.EACCES,
}
_PATH = re.compile(r"[\"'`(](/[^\"'`)]+)[\"'`)]|(?:^|[\s:])(/[^\s:\"']{2,})")


def sentence(error: BaseException, places: Sequence[Path] = ()) -> str | None:
    """One sentence about the disk for an error that a disk error caused, directly or indirectly.

    Returns None for errors without a cause in the operating system. For an error that names no
    path, the sentence names the fullest of `places`; the default is the home.
    """
    for each in _causes(error):
        number, place = _number(each), getattr(each, "filename", None)
        if number is not None:
            found = place or _place(str(each)) or _fullest(places or [home().root])
            return f"{_MEANING[number].format(found)} ({os.strerror(number)})."
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop(0)
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            yield each
            left += [each.__cause__, each.__context__]


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno in _MEANING:
        return error.errno
    text = str(error).lower()
    return next((number for phrase, number in _TEXTS.items() if phrase in text), None)


def _place(text: str) -> str | None:
    found = _PATH.search(text)
    return found and (found.group(1) or found.group(2))


def _fullest(places: Sequence[Path]) -> Path:
    there = [place for place in places if place.exists()]
    return min(there, key=lambda place: shutil.disk_usage(place).free) if there else places[0]
