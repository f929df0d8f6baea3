"""What the operating system refuses to write or read, as one sentence that names the place."""

import errno
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from medallion.home import home

# error number → what it means, and what to do
_MEANING = {
    errno.ENOSPC: "the disk of {0} is full; free space, then run the command again",
    errno.EDQUOT: "the disk quota at {0} is used up; free space, then run the command again",
    errno.EFBIG: "{0} may not grow any more: the limit on the size of files is reached",
    errno.EROFS: "{0} is on a read-only file system; mount it writable, or set MEDALLION_HOME",
    errno.EACCES: "this user may not access {0} (permission denied); give it the rights",
    errno.EPERM: "this user may not change {0} (operation not permitted); give it the rights",
    errno.EMFILE: "too many files are open at {0}; raise the limit (`ulimit -n`)",
    errno.ENFILE: "the system has too many open files at {0}; raise its limit",
}
# Libraries keep the number only in their texts: Rust's, DuckDB's, Arrow's and SQLite's.
_TEXTS = {os.strerror(number).lower(): number for number in _MEANING} | {
    "database or disk is full": errno.ENOSPC,
    "attempt to write a readonly database": errno.EACCES,
}
_PATH = re.compile(r"[\"'`(](/[^\"'`)]+)[\"'`)]|(?:^|[\s:])(/[^\s:\"']{2,})")


def sentence(error: BaseException, places: Sequence[Path] = ()) -> str | None:
    """What of the disk failed, for an error that is about it, or was raised for one that is.

    Errors of the program that name no cause in the operating system give None. An error that names
    no place is about the fullest of `places`, which is the home when none are given.
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
    return next((number for told, number in _TEXTS.items() if told in text), None)


def _place(text: str) -> str | None:
    found = _PATH.search(text)
    return found and (found.group(1) or found.group(2))


def _fullest(places: Sequence[Path]) -> Path:
    there = [place for place in places if place.exists()]
    return min(there, key=lambda place: shutil.disk_usage(place).free) if there else places[0]
