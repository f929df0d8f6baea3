"""Locates the project's own files, and the local state under `MEDALLION_HOME`."""

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from medallion.errors import MedallionError


def is_project(folder: Path) -> bool:
    """Whether a folder is a clone of this project or a project made from it."""
    return (folder / "dbt_project.yml").is_file() and (folder / "adf").is_dir()


def _project_root() -> Path:
    """The project that a command starts in, unless it has its own tool; else this package's clone.

    A project of `medallion new project` uses the installed tool. Another clone has a tool of its
    own: `medallion.clone` refuses to work there. A package that was installed without `-e` has no
    clone.
    """
    start = Path.cwd()
    around = next((one for one in (start, *start.parents) if is_project(one)), None)
    if around and not (around / "medallion" / "home.py").is_file():
        return around
    clone = Path(__file__).resolve().parent.parent
    return clone if is_project(clone) else around or start


PROJECT_ROOT = _project_root()
STATE = ".medallion"


@dataclass(frozen=True)
class Home:
    """The folder that holds all local state: the value of `MEDALLION_HOME`, else `.medallion/`.

    These properties create nothing; the code that writes creates the folder.
    """

    root: Path

    @property
    def lake(self) -> Path:
        """The storage account: one folder per container (`bronze`, `control`, `gold`)."""
        return self.root / "lake"

    @property
    def source_database(self) -> Path:
        """The DuckDB file that stands in for the Azure SQL database."""
        return self.root / "source.duckdb"

    @property
    def github(self) -> Path:
        """The reference files that the emulator of GitHub serves."""
        return self.root / "github"

    @property
    def factory(self) -> Path:
        """The data of Data Factory's monitor: one JSON file per pipeline run."""
        return self.root / "factory"

    @property
    def report(self) -> Path:
        """The report: its page, and its history with one JSON file per build."""
        return self.root / "report"

    @property
    def warehouse(self) -> Path:
        """The warehouse's catalog, managed tables, logs and certificate authority."""
        return self.root / "warehouse"


def other_project() -> Path | None:
    """The folder of another dbt project, or of a home, that the current folder is in.

    None in this project and its clones, and in a folder that has neither.
    """
    start = Path.cwd()
    for folder in (start, *start.parents):
        if folder == PROJECT_ROOT or is_project(folder):
            return None
        if (folder / "dbt_project.yml").is_file() or (folder / STATE).is_dir():
            return folder
    return None


def home() -> Home:
    """The home that `MEDALLION_HOME` names, else `.medallion/` in the project.

    The project is the one that the current folder is in, else this one. Raises `MedallionError` for
    a path that DuckDB or Delta's readers cannot handle.
    """
    named = os.environ.get("MEDALLION_HOME")
    project = None if named else other_project() or PROJECT_ROOT
    found = Home(project / STATE if project else Path(named or "").expanduser().resolve())
    for folder in (found.root, found.lake, found.warehouse):
        if odd := refused_characters(os.path.realpath(folder)):
            raise MedallionError(
                f"{str(folder)!r} cannot hold local state because DuckDB and Delta's readers do "
                f"not find files in a path with {odd}: move it or set MEDALLION_HOME to another "
                "folder"
            )
    return found


def in_this_project() -> bool:
    """Whether the current folder is in this project."""
    start = Path.cwd()
    return other_project() is None and PROJECT_ROOT in (start, *start.parents)


def home_here() -> Home:
    """The home of the current folder, which gets one if no project or home is around it."""
    if not (os.environ.get("MEDALLION_HOME") or other_project() or in_this_project()):
        Path(STATE).mkdir(exist_ok=True)
    return home()


def same_folder(one: Path, other: Path) -> bool:
    """Whether both paths lead to one folder; false when either is missing or unreadable."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def refused_characters(path: str) -> str:
    """List the characters of a path that DuckDB 1.5, delta-rs 1.6 or its kernel misread.

    Blanks, letters outside ASCII and other punctuation are safe. DuckDB reads `?` as the start of
    options in a database name. The kernel decodes `%41` twice and reads a backslash as a slash. A
    store's address accepts neither the other characters, nor control characters, nor bytes that
    are not UTF-8.
    """
    odd = dict.fromkeys(
        one for one in path if one in "%?[]\\^|" or unicodedata.category(one) in ("Cc", "Cs")
    )
    return " and ".join(repr(one) for one in odd)
