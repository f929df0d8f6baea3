"""The result of a check of `medallion doctor`."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "note", "fault"]


@dataclass(frozen=True)
class Finding:
    """What a check found. A `fault` stops a command; a `note` stops only what it names.

    `fix` is what the user does; it is empty if nothing is to be done.
    """

    check: str
    level: Level
    said: str
    fix: str = ""


def ok(check: str, said: str) -> Finding:
    """Nothing is to be done."""
    return Finding(check, "ok", said)


def note(check: str, said: str, fix: str = "") -> Finding:
    """A command that most users do not need would fail, or something is unusual."""
    return Finding(check, "note", said, fix)


def fault(check: str, said: str, fix: str) -> Finding:
    """Commands fail until the user follows `fix`."""
    return Finding(check, "fault", said, fix)
