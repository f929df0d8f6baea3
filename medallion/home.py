"""Where things are: the project's own files, and the local state under `MEDALLION_HOME`."""

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from medallion.errors import MedallionError


def _project_root() -> Path:
    """The project's folder: it holds this package, or else the folder that a command starts in.

    A package that was installed without `-e` lies elsewhere than the project.
    """
    start = Path.cwd()
    for folder in (Path(__file__).resolve().parent.parent, start, *start.parents):
        if (folder / "dbt_project.yml").is_file() and (folder / "adf").is_dir():
            return folder
    return start


PROJECT_ROOT = _project_root()


@dataclass(frozen=True)
class Home:
    """The folder that holds all local state: the value of `MEDALLION_HOME`, else `.medallion/`.

    Nothing is created by naming a path; whoever writes creates the folder.
    """

    root: Path

    @property
    def lake(self) -> Path:
        """The storage account: one folder per container (`bronze`, `control`, `gold`)."""
        return self.root / "lake"

    @property
    def source_database(self) -> Path:
        """The DuckDB file that stands for the Azure SQL database."""
        return self.root / "source.duckdb"

    @property
    def github(self) -> Path:
        """The reference files as the stand-in for GitHub serves them."""
        return self.root / "github"

    @property
    def factory(self) -> Path:
        """What Data Factory's monitor would show: one JSON file per pipeline run."""
        return self.root / "factory"

    @property
    def warehouse(self) -> Path:
        """The warehouse's catalog, managed tables, logs and certificate authority."""
        return self.root / "warehouse"


def home() -> Home:
    """The home that `MEDALLION_HOME` names, else `.medallion/` in the project.

    Raises `MedallionError` for a path that the readers of its files cannot take.
    """
    named = os.environ.get("MEDALLION_HOME")
    found = Home(Path(named).expanduser().resolve() if named else PROJECT_ROOT / ".medallion")
    for folder in (found.root, found.lake, found.warehouse):
        if odd := refused_characters(os.path.realpath(folder)):
            raise MedallionError(
                f"{str(folder)!r} cannot hold local state, since DuckDB and Delta's readers do not "
                f"find files in a path with {odd}: move it, or set MEDALLION_HOME to another folder"
            )
    return found


def same_folder(one: Path, other: Path) -> bool:
    """Whether both paths lead to one folder; false for one that is missing or may not be read."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def refused_characters(path: str) -> str:
    """The characters of a path that DuckDB 1.5, delta-rs 1.6 or its kernel misread, for a message.

    They take a blank, letters outside ASCII and other punctuation as they are. `?` begins options
    in DuckDB's name of a database; `%41` is decoded twice by the kernel, and a backslash is a slash
    to it; the others, control characters and bytes that are not UTF-8 are not accepted in the
    address of a store.
    """
    odd = dict.fromkeys(
        one for one in path if one in "%?[]\\^|" or unicodedata.category(one) in ("Cc", "Cs")
    )
    return " and ".join(repr(one) for one in odd)
