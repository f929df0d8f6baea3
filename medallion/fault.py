"""A finding of a check, with its place in a JSON document."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

PLAIN_KEY = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
STEP = re.compile(r"\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\.([^.\[]+)")


@dataclass(frozen=True)
class Fault:
    """One fault: `file` relative to the factory's folder, and a JSON path from its root `$`.

    `message` states the problem and `fix` how to solve it, both without a full stop. A `warning` is
    something that the service accepts, but that is probably unintended.
    """

    file: str
    path: str
    message: str
    fix: str
    warning: bool = False

    def __str__(self) -> str:
        """The fault in one line."""
        kind = "warning: " if self.warning else ""
        return f"{self.file}: {self.path}: {kind}{self.message}; {self.fix}."

    def order(self) -> tuple[Any, ...]:
        """A key that sorts by file, then by place, with `[10]` after `[9]`."""
        steps = [
            (int(index), "") if index else (-1, quoted or name)
            for index, quoted, name in STEP.findall(self.path)
        ]
        return self.file, steps, self.message


def step(path: str, key: str | int) -> str:
    """The path of a property or an item of the value at `path`."""
    if isinstance(key, int):
        return f"{path}[{key}]"
    if PLAIN_KEY.fullmatch(key):
        return f"{path}.{key}"
    quoted = key.replace("\\", "\\\\").replace("'", "\\'")
    return f"{path}['{quoted}']"


def walk(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """The value and everything inside it, each with its path, in document order."""
    yield path, value
    for key, one in children(value):
        yield from walk(one, step(path, key))


def children(value: Any) -> Iterator[tuple[str | int, Any]]:
    """The properties of an object or the items of an array; nothing for any other value."""
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from enumerate(value)
