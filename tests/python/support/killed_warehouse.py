"""Warehouses that are killed: each line of input is a script of steps.

A forked process runs each script. The parent process has imported all modules and opened no file.
The child answers with the results of its queries, and whether it was killed.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pysail import spark  # noqa: F401 (imported before the fork)
from pyspark.sql.connect import session  # noqa: F401

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Catalog
from medallion_local.databricks_sql.server import open_warehouse
from medallion_local.databricks_sql.session import Session
from medallion_local.databricks_sql.statements import expectations
from medallion_local.databricks_sql.streams import files, source_log

PLACES = {
    "stage": (files, "_require_unchanged"),
    "apply": (expectations.Checks, "apply"),
    "fsync": (source_log.os, "fsync"),
    "log": (source_log.SourceLog, "write"),
    "replace_table": (storage, "replace_table"),
    "commit": (storage, "write_deltalake"),
    "put": (Catalog, "put"),
}


def land(folder: Path, number: int) -> None:
    """A file with one row, its number."""
    folder.mkdir(parents=True, exist_ok=True)
    staged = folder / f"{number:06d}.tmp"
    pq.write_table(pa.table({"id": pa.array([number], pa.int64())}), staged)
    staged.replace(folder / f"{number:06d}.parquet")


def die_at(moment: str) -> None:
    """Kill this process before or after the n-th call of a function: `after commit 2`."""
    when, place, count = moment.split()
    holder, name = PLACES[place]
    inner: Callable = getattr(holder, name)
    calls = iter(range(1, 1000))

    def dying(*args, **kwargs):
        last = next(calls) == int(count)
        if last and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        answer = inner(*args, **kwargs)
        if last:
            os.kill(os.getpid(), signal.SIGKILL)
        return answer

    setattr(holder, name, dying)


def change_after_listing(folder: Path, action: str) -> None:
    """Once, between listing and reading, remove the last file or replace it by another."""
    inner = files.ReadFiles.listing

    def listing(source):
        found = inner(source)
        files.ReadFiles.listing = inner
        last = max(folder.glob("*.parquet"))
        last.unlink()
        if action == "replace":
            pq.write_table(pa.table({"id": [1_000_001, 1_000_002]}), last)
        return found

    files.ReadFiles.listing = listing


def play(steps: list[list], home: Path) -> None:
    """Run the steps. The rows of each query are one line of output."""
    warehouse, mine = open_warehouse(), Session()
    folder = home / "lake" / "bronze" / "numbers"
    for verb, *arguments in steps:
        if verb == "land":
            land(folder, *arguments)
        elif verb == "die":
            die_at(*arguments)
        elif verb == "change":
            change_after_listing(folder, *arguments)
        elif verb == "run":
            list(warehouse.execute(mine, *arguments).batches)
        elif verb == "ask":
            found = warehouse.execute(mine, *arguments).rows()
            print(json.dumps([list(row.values()) for row in found]), flush=True)
        elif verb == "forever":
            first, statements = arguments
            print("[]", flush=True)
            for number in range(first, first + 10_000):
                land(folder, number)
                for statement in statements[number % len(statements)]:
                    list(warehouse.execute(mine, statement).batches)


def main() -> None:
    """Fork for each line. With `seconds`, kill that long after the answer numbered `after`."""
    for line in sys.stdin:
        story = json.loads(line)
        home = Path(story["home"])
        os.environ["MEDALLION_HOME"] = str(home)
        out, into = os.pipe()
        child = os.fork()
        if child == 0:
            os.dup2(into, 1)
            os.close(out)
            os.close(into)
            try:
                play(story["steps"], home)
            except Exception as error:
                print(json.dumps({"error": str(error)}), flush=True)
            os._exit(0)
        os.close(into)
        answers = []
        with os.fdopen(out) as reported:
            for answer in reported:
                answers.append(json.loads(answer))
                if "seconds" in story and len(answers) == story["after"]:
                    time.sleep(story["seconds"])
                    os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"answers": answers, "killed": os.WIFSIGNALED(status)}), flush=True)


if __name__ == "__main__":
    main()
