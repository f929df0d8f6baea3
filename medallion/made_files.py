"""A folder whose files are made by a command, and of which none is changed by hand."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

from medallion import private
from medallion.errors import MedallionError


@dataclass(frozen=True)
class MadeFiles:
    """The folder's wanted texts, by paths in it.

    `command` makes them. The files named in `by_hand` belong to the folder and are not made.
    """

    folder: Path
    texts: Mapping[str, str]
    command: str
    by_hand: Set[str] = field(default_factory=frozenset)

    def write(self) -> None:
        """Write the files, and remove all others."""
        with private.as_before():
            self.folder.mkdir(parents=True, exist_ok=True)
            for name in self._present() - self.texts.keys():
                (self.folder / name).unlink()
            for name, text in self.texts.items():
                file = self.folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8")

    def stale(self) -> list[str]:
        """The missing files, the extra ones, and those that differ."""
        present = {
            name: (self.folder / name).read_text(encoding="utf-8") for name in self._present()
        }
        return sorted(
            name
            for name in self.texts.keys() | present.keys()
            if self.texts.get(name) != present.get(name)
        )

    def require_current(self) -> None:
        """Raise `MedallionError` with the command's name if a file is stale."""
        if found := self.stale():
            raise MedallionError(
                f"{self.folder} is out of date ({', '.join(found[:3])}): run `{self.command}`."
            )

    def _present(self) -> set[str]:
        found = (file for file in self.folder.rglob("*") if file.is_file())
        return {file.relative_to(self.folder).as_posix() for file in found} - self.by_hand
