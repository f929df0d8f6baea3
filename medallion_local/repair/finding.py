"""What repair found, and what became of it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """`what` is damaged, and `done` says what was done, or has to be done where not `restored`."""

    what: str
    done: str
    restored: bool = False

    def __str__(self) -> str:
        return f"{self.what}: {self.done}"
