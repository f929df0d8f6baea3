"""Changes to the project's files, made in a copy, and written all together or not at all."""

import json
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from medallion import private
from medallion.atomic import write_text
from medallion.errors import MedallionError

COPIED = ("adf", "macros", "models", "sql/azure_sql", "docs/rules.md", "dbt_project.yml")
JOURNAL = Path("target") / "new_table"  # the former texts, while files are replaced


@dataclass(frozen=True)
class Change:
    """A file's path in the project, its text before (None if it is new) and after it."""

    path: str
    before: str | None
    after: str

    def diff(self) -> str:
        """The change as a unified diff."""
        old, new = ((text or "").splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(unified_diff(old, new, f"a/{self.path}", f"b/{self.path}"))


@contextmanager
def copied(project: Path) -> Iterator[Path]:
    """A copy of the files that describe tables. The project itself does not change."""
    with TemporaryDirectory(prefix="medallion_new_") as name:
        folder = Path(name)
        for path in COPIED:
            source, target = project / path, folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns(".*"))
            elif source.exists():
                shutil.copy(source, target)
        yield folder


def changes(project: Path, copy: Path) -> list[Change]:
    """The files of the copy that differ from the project's."""
    found = []
    for file in sorted(one for one in copy.rglob("*") if one.is_file()):
        path = file.relative_to(copy).as_posix()
        original = project / path
        before = original.read_bytes() if original.exists() else None
        if before != (after := file.read_bytes()):
            text = None if before is None else before.decode("utf-8")
            found.append(Change(path, text, after.decode("utf-8")))
    return found


def write(project: Path, wanted: Iterable[Change]) -> None:
    """Write every change, or none: after an error, the files have their former texts again.

    Until the last file is written, a journal holds the former texts, so that `recover` can restore
    them after a crash. Raises `MedallionError` if a file has changed since it was read.
    """
    listed = list(wanted)
    for one in listed:
        if _text(project / one.path) != one.before:
            raise MedallionError(f"{one.path} changed while the command ran: run it again.")
    journal = project / JOURNAL / "journal.json"
    write_text(journal, json.dumps({one.path: one.before for one in listed}))
    try:
        with private.as_before():
            for one in listed:
                write_text(project / one.path, one.after)
    except BaseException:
        recover(project)
        raise
    journal.unlink()


def recover(project: Path) -> list[str]:
    """Restore the files of a run that was interrupted while it wrote. Returns their paths."""
    journal = project / JOURNAL / "journal.json"
    if not journal.exists():
        return []
    former: dict[str, str | None] = json.loads(journal.read_text(encoding="utf-8"))
    with private.as_before():
        for path, text in former.items():
            if text is None:
                (project / path).unlink(missing_ok=True)
            else:
                write_text(project / path, text)
            for stray in (project / path).parent.glob(f".{Path(path).name}.*.tmp"):
                stray.unlink()
    journal.unlink()
    return sorted(former)


def _text(file: Path) -> str | None:
    return file.read_bytes().decode("utf-8") if file.exists() else None
