"""Gold of a few rows in its own warehouse, and a dedicated pool that dbt loads from it."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from medallion.errors import MedallionError
from medallion.home import PROJECT_ROOT
from medallion.serving.contract import POOLED, Table, served_tables
from medallion_local.databricks_sql.lifecycle import process
from medallion_local.databricks_sql.lifecycle.profiles import write_profile
from medallion_local.synapse.dedicated import run
from medallion_local.synapse.dedicated.pool import Pool
from medallion_local.synapse.dedicated.session import PoolSession
from support.warehouse_sql import Home, Started, close_all

TABLES = served_tables(where=POOLED)
VALUES = {
    "string": "'Åb{0}'",
    "boolean": "true",
    "date": "date'2025-01-0{0}'",
    "timestamp": "timestamp'2025-01-0{0} 10:00:00.123456'",
}
DAY = "2025010{0}"


@dataclass(frozen=True)
class LoadedPool:
    """The home, its warehouse, and the commands that run there."""

    home: Home
    warehouse: Started

    def export(self) -> list[str]:
        """Export gold. Returns the folders that were written, without the export's number."""
        before = set(self._exports())
        environment = self._environment() | {"DBT_TARGET_PATH": str(self.home.root / "target")}
        subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "run-operation", "export_gold"],
            cwd=PROJECT_ROOT, env=os.environ | environment, check=True, capture_output=True,
        )  # fmt: skip
        return sorted(folder.parent.name for folder in set(self._exports()) - before)

    def build(self, *arguments: str) -> None:
        """Load the pool."""
        run.make_pool(self.home)
        run.build(self.home, *arguments)

    def failure(self, *arguments: str) -> str:
        """dbt's message for its first failed model or test."""
        try:
            self.build(*arguments)
        except MedallionError:
            results = self.home.root / "synapse" / "pool_target" / "run_results.json"
            reported = json.loads(results.read_text())["results"]
            return next(one["message"] for one in reported if one["status"] in ("error", "fail"))
        raise AssertionError("It was built.")

    def gold(self, table: Table) -> list[dict[str, Any]]:
        """A table's rows, in the columns that the pool has."""
        names = pool_columns(table)
        rows = self.warehouse.rows(f"select {', '.join(names)} from {where(table)}")
        return [dict(zip(names, map(_plain, row), strict=True)) for row in rows]

    def pool(self, sql: str) -> list[tuple]:
        """The rows of a query of the pool."""
        database = Pool(self.home, run.POOL, read_only=True)
        try:
            (result,) = PoolSession(database).execute(sql)
        finally:
            database.close()
        return result.rows

    def served(self, table: Table) -> list[dict[str, Any]]:
        """A table's rows as the pool has them."""
        names = pool_columns(table)
        rows = self.pool(
            f"select {', '.join(f'[{name}]' for name in names)} from serving.{table.name}"
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def _exports(self) -> list[Path]:
        return list((self.home.lake / "export").glob("*/*"))

    def _environment(self) -> Mapping[str, str]:
        root = str(self.home.root)
        return {"MEDALLION_HOME": root, "DBT_PROFILES_DIR": root, "DBT_LOG_PATH": root}


def where(table: Table) -> str:
    """A table's name in the warehouse."""
    return f"{'silver' if table.container == 'silver' else 'gold'}.{table.name}"


def pool_columns(table: Table) -> list[str]:
    """The names of the columns that the pool has."""
    return [one.name for one in table.columns if one.served and not one.personal]


@contextmanager
def loaded_pool(folder: Path) -> Iterator[LoadedPool]:
    """Each table with three rows of three days. The warehouse stops with the block."""
    home = Home(folder)
    started = Started(home)
    try:
        write_profile(folder, home, started.state)
        opened = LoadedPool(home, started)
        before = dict(os.environ)
        os.environ.update(opened._environment())
        for schema in ("silver", "gold"):
            started.run(f"create schema {schema}")
        for table in TABLES:
            columns = ", ".join(f"{one.name} {one.kind}" for one in table.columns)
            started.run(f"create table {where(table)} ({columns})")
            started.run(f"insert into {where(table)} values {_rows(table)}")
        yield opened
        os.environ.clear()
        os.environ.update(before)
    finally:
        close_all()
        process.stop(home)


def _rows(table: Table) -> str:
    rows = []
    for number in (1, 2, 3):
        values = []
        for one in table.columns:
            value = VALUES.get(one.kind, "{0}").format(number)
            if one.name == "date_key":
                value = DAY.format(number)
            values.append(f"cast({value} as {one.kind})")
        rows.append(f"({', '.join(values)})")
    return ", ".join(rows)


def _plain(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(UTC).replace(tzinfo=None)
    return value
