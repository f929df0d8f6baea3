"""A small dbt project beside the real one, with its own warehouse."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from medallion.home import Home
from medallion_local.databricks_sql.lifecycle import process
from medallion_local.databricks_sql.lifecycle.profiles import write_profile
from support.warehouse_sql import Started, close_all

PROJECT = """\
name: small
version: 1.0.0
profile: medallion
flags: {send_anonymous_usage_stats: false}
"""


@dataclass(frozen=True)
class SmallProject:
    """The project's folder, and the running warehouse of its profile."""

    folder: Path
    warehouse: Started

    def write(self, path: str, text: str) -> None:
        """Write a file of the project."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def dbt(self, *arguments: str) -> dict[str, dict]:
        """Run dbt. Returns each node's result, by its unique id without type and project."""
        subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--quiet", *arguments],
            cwd=self.folder,
            env={
                "PATH": "/usr/bin:/bin",
                "HOME": str(self.folder),
                "MEDALLION_HOME": str(self.warehouse.home.root),
            },
            capture_output=True,
            check=False,
        )
        results = json.loads((self.folder / "target" / "run_results.json").read_text())["results"]
        return {result["unique_id"].split(".", 2)[2]: result for result in results}


@contextmanager
def small_project(folder: Path) -> Iterator[SmallProject]:
    """A project without models. Its warehouse stops with the block."""
    home = Home(folder / "home")
    project = SmallProject(folder, Started(home))
    try:
        write_profile(folder, home, project.warehouse.state)
        project.write("dbt_project.yml", PROJECT)
        yield project
    finally:
        close_all()
        process.stop(home)
