"""A lakehouse for the tests, driven through the command line, stage by stage."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

from medallion.dbt import DAILY_BUILD
from medallion.serving.contract import served_tables
from medallion_local.synapse.check import check
from oracle import publish
from oracle.changes import KEYS, History
from oracle.read_landed import read_landed, read_listings
from oracle.read_source import FirstLoad, read_source
from support.parsed import shared
from support.places import DATASET, PROJECT
from support.published_tables import Rows, read_published

DBT = ["dbt", "--quiet", "--no-use-colors"]  # prints only errors
INIT = ["medallion", "source", "init"]
INIT += ["--from-csv", str(DATASET)] if DATASET.is_dir() else ["--generate"]
SIMULATE = ["medallion", "source", "simulate", "--days", "1"]
INGEST = ["medallion", "ingest"]
FIRST_RUN = ["python", "-m", "support.rehearsal"]  # deploys, and runs pl_ingest_and_build
UNIT_TESTS = [*DBT, "test", "--select", "test_type:unit"]
DAILY = [*DBT, *DAILY_BUILD]  # its data tests run on the rows of each day
BUILD_AGAIN = [*DBT, "build", "--exclude-resource-types", "test", "unit_test"]
REFRESH = [*DBT, "run", "--full-refresh"]
DAY_0, DAY_1, DAY_2, DAY_3, AGAIN, REFRESHED = (
    *("day 0", "day 1", "day 2", "day 3"),
    *("built again", "fully refreshed"),
)
STAGES = {
    DAY_0: [INIT, FIRST_RUN, UNIT_TESTS],
    DAY_1: [SIMULATE, INGEST, DAILY],
    DAY_2: [SIMULATE, INGEST, DAILY],
    DAY_3: [SIMULATE, INGEST, DAILY],
    AGAIN: [BUILD_AGAIN],
    REFRESHED: [REFRESH],
}


@dataclass(frozen=True)
class Record:
    """The published tables at the end of a stage, the tables expected from both histories, and the
    tables that Synapse could not read."""

    published: dict[str, Rows]
    source: dict[str, Rows]
    landed: dict[str, Rows]
    unreadable: list[str]


@dataclass
class Lakehouse:
    """A home folder with a running warehouse. Stages run once, in order, when first needed."""

    home: Path
    records: dict[str, Record] = field(default_factory=dict)
    failure: str | None = None

    def run(self, command: list[str], **environment: str) -> str:
        """Run `medallion …`, `dbt …` or `python …` in this home.

        A failure shows the end of its output.
        """
        program, *arguments = command
        if program == "medallion":
            start = [sys.executable, "-c", "from medallion.cli import main; main()"]
        elif program == "python":
            start = [sys.executable]
        else:
            start = [str(Path(sys.executable).with_name(program))]
        with shared(command, self.home / "target"):
            done = subprocess.run(
                start + arguments,
                cwd=PROJECT,
                env=self.environment() | environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
        if done.returncode:
            end = "\n".join(done.stdout.splitlines()[-60:])
            raise AssertionError(f"{' '.join(command)} exited with {done.returncode}:\n{end}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        """This process's environment with this home in it."""
        return os.environ | {
            "MEDALLION_HOME": str(self.home),
            "DBT_PROFILES_DIR": str(self.home),
            "DBT_TARGET_PATH": str(self.home / "target"),
            "DBT_LOG_PATH": str(self.home / "logs"),
            "NO_COLOR": "1",
            "PYTHONPATH": os.pathsep.join((str(PROJECT), str(PROJECT / "tests" / "python"))),
        }

    def at(self, stage: str) -> Record:
        """The record of the end of a stage. Runs the missing stages up to it."""
        for name, commands in STAGES.items():
            if stage in self.records:
                break
            if name not in self.records:
                self._run_stage(name, commands)
        return self.records[stage]

    def _run_stage(self, name: str, commands: list[list[str]]) -> None:
        if self.failure:
            raise AssertionError(f"An earlier stage failed: {self.failure}")
        try:
            for command in commands:
                self.run(command)
            self.records[name] = self._record()
        except Exception as error:
            self.failure = f"{name}: {str(error).splitlines()[0]}"
            raise

    def _record(self) -> Record:
        landed = read_landed(self.home / "lake")
        first_loads = {table: first_load(landed, table) for table in KEYS}
        source = read_source(self.home / "source.duckdb", first_loads)
        listings = read_listings(self.home / "lake")
        reported = (publish(history, listings) for history in (source, landed))
        unreadable = [str(one) for one in check(served_tables(), self.home / "lake")]
        return Record(read_published(self.home), *reported, unreadable)


def first_load(landed: History, table: str) -> FirstLoad:
    """The LSN and time of a table's first copy: the earliest that landed."""
    first = min(landed[table], key=lambda change: change["_start_lsn"])
    commit_time = first["_commit_time"]
    if commit_time.tzinfo:
        commit_time = commit_time.astimezone(UTC).replace(tzinfo=None)
    return FirstLoad(first["_start_lsn"].removeprefix("0x"), commit_time)
