"""The findings of a repair."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`what` is damaged; `done` is the action taken, or the action needed if not `restored`."""

    what: str
    done: str
    restored: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.done}"
