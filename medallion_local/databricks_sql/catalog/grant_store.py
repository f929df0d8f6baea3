"""The privileges on tables, schemas and catalogs, in the catalog's file."""

import sqlite3
import threading
from dataclasses import astuple, dataclass

from medallion_local.databricks_sql.catalog import metastore


@dataclass(frozen=True)
class Grant:
    """One privilege of one principal on one object."""

    kind: str
    name: str
    principal: str
    privilege: str


class Grants:
    """The recorded privileges."""

    def __init__(self, database: sqlite3.Connection, lock: threading.RLock) -> None:
        self._db, self._lock = database, lock
        self._db.execute(
            "create table if not exists grants (kind text, name text, principal text, "
            "privilege text, primary key (kind, name, principal, privilege))"
        )

    def on(self, kind: str, name: str) -> list[Grant]:
        """The privileges on one object."""
        with self._lock:
            rows = self._db.execute(
                "select kind, name, principal, privilege from grants where kind = ? and name = ? "
                "order by principal, privilege",
                (kind, name),
            ).fetchall()
        return [Grant(*row) for row in rows]

    def add(self, grants: list[Grant]) -> None:
        """Record privileges."""
        self._run("insert or replace into grants values (?, ?, ?, ?)", grants)

    def remove(self, grants: list[Grant]) -> None:
        """Remove privileges. A privilege that was not granted is not an error."""
        self._run(
            "delete from grants where kind = ? and name = ? and principal = ? and privilege = ?",
            grants,
        )

    def rename(self, old: str, new: str) -> None:
        """Move the privileges of a table to its new name."""
        with self._lock:
            self._db.execute("update or replace grants set name = ? where name = ?", (new, old))

    def forget(self, name: str) -> None:
        """Remove the privileges on a dropped object and on what it contains."""
        with self._lock:
            metastore.forget(self._db, "grants", name)

    def _run(self, text: str, grants: list[Grant]) -> None:
        with self._lock:
            for grant in grants:
                self._db.execute(text, astuple(grant))
