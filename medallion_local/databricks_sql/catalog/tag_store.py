"""The tags of catalogs and schemas, in the catalog's file. A relation has its tags itself."""

import sqlite3
import threading

from medallion_local.databricks_sql.catalog import metastore


class Tags:
    """The recorded tags by the full name of their catalog or schema."""

    def __init__(self, database: sqlite3.Connection, lock: threading.RLock) -> None:
        self._db, self._lock = database, lock
        self._db.execute(
            "create table if not exists tags (name text, tag text, value text, "
            "primary key (name, tag))"
        )

    def of(self, name: str) -> dict[str, str]:
        """The values by tag."""
        with self._lock:
            query = "select tag, value from tags where name = ? order by tag"
            return dict(self._db.execute(query, (name,)).fetchall())

    def add(self, name: str, tags: dict[str, str]) -> None:
        """Set tags."""
        with self._lock:
            for tag, value in tags.items():
                self._db.execute("insert or replace into tags values (?, ?, ?)", (name, tag, value))

    def remove(self, name: str, tags: list[str]) -> None:
        """Remove tags. A tag that is not set is not an error."""
        with self._lock:
            for tag in tags:
                self._db.execute("delete from tags where name = ? and tag = ?", (name, tag))

    def forget(self, name: str) -> None:
        """Remove the tags of a dropped object and of what it contains."""
        with self._lock:
            metastore.forget(self._db, "tags", name)
