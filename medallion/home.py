"""Where things are: the project's own files, and the local state under `MEDALLION_HOME`."""

import os
from dataclasses import dataclass
from pathlib import Path

PROJECT_ROOT = Path(__file__).resolve().parent.parent


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
    """The home that `MEDALLION_HOME` names, else `.medallion/` in the project."""
    named = os.environ.get("MEDALLION_HOME")
    return Home(Path(named).expanduser().resolve() if named else PROJECT_ROOT / ".medallion")
