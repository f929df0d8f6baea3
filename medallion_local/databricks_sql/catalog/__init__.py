"""An emulator of Unity Catalog in a SQLite file: catalogs, schemas, and the relations in them.

A table's rows are in its Delta folder. The catalog stores the folder's path and the facts for which
Delta has no place: views, tags, informational constraints. Paths are stored relative to the home,
so a home can be moved or copied. Every change is one synced SQLite transaction, so the catalog
survives `kill -9` and a power cut.
"""

import json
import sqlite3
import threading
import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from medallion_local.databricks_sql.catalog import metastore
from medallion_local.databricks_sql.catalog.grant_store import Grants
from medallion_local.databricks_sql.catalog.object_names import check_object_name
from medallion_local.databricks_sql.catalog.tag_store import Tags
from medallion_local.databricks_sql.engine import CATALOG
from medallion_local.databricks_sql.functions.store import Functions
from medallion_local.databricks_sql.language.errors import SqlError

MANAGED, EXTERNAL, VIEW, STREAMING = "MANAGED", "EXTERNAL", "VIEW", "STREAMING_TABLE"
MATERIALIZED, METRIC = "MATERIALIZED_VIEW", "METRIC_VIEW"
ICEBERG = "iceberg"


class Key(NamedTuple):
    """A relation's name in lower case. The catalog comes last because it has a default."""

    schema: str
    name: str
    catalog: str = CATALOG


@dataclass(frozen=True)
class Policy:
    """A row filter, or a column's mask: a function and the SQL of its further arguments."""

    function: str
    arguments: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Column:
    """A column as DESCRIBE shows it; `type` is its Databricks name."""

    name: str
    type: str
    nullable: bool = True
    comment: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    default: str | None = None
    generated: str | None = None
    identity: dict | None = None  # always, start, step, next
    mask: Policy | None = None


@dataclass(frozen=True)
class SchemaDetails:
    """The clauses of CREATE SCHEMA; `location` is the URL of MANAGED LOCATION."""

    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    location: str = ""


@dataclass(frozen=True)
class Constraint:
    """An informational constraint, or a CHECK; `references` is (schema, table, columns).

    `catalog` is the parent table's; if it is empty, the table's own.
    """

    name: str
    kind: str
    columns: list[str] = field(default_factory=list)
    expression: str = ""
    references: tuple[str, str, list[str]] | None = None
    catalog: str = ""


@dataclass(frozen=True)
class Expectation:
    """A streaming table's rule; `violation` is DROP ROW, FAIL UPDATE, or empty: counted only."""

    name: str
    expression: str
    violation: str = ""


@dataclass(frozen=True)
class Relation:
    """A table, a view or a streaming table. `column_list`: the view's definition names columns."""

    schema: str
    name: str
    catalog: str
    kind: str
    columns: list[Column]
    location: str = ""
    external_url: str = ""
    query: str = ""
    query_schema: str = "default"
    query_catalog: str = CATALOG
    column_list: bool = False
    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    constraints: list[Constraint] = field(default_factory=list)
    partitioned_by: list[str] = field(default_factory=list)
    clustered_by: list[str] = field(default_factory=list)
    cluster_auto: bool = False
    expectations: list[Expectation] = field(default_factory=list)
    schedule: str = "MANUAL"
    row_filter: Policy | None = None
    provider: str = "delta"
    statistics: str = ""
    owner: str = ""
    created: float = 0.0
    altered: float = 0.0

    @property
    def key(self) -> Key:
        """The key of the relation in the catalog."""
        return Key(self.schema, self.name, self.catalog)

    @property
    def full_name(self) -> str:
        """`catalog.schema.name`, for messages."""
        return f"{self.catalog}.{self.schema}.{self.name}"

    @property
    def is_view(self) -> bool:
        """Whether it is a query that stores no rows."""
        return self.kind in (VIEW, METRIC)

    @property
    def is_refreshed(self) -> bool:
        """Whether it stores the rows of a query, which only a refresh changes."""
        return self.kind in (STREAMING, MATERIALIZED)


class Catalog:
    """The relations by name. Reads come from memory; changes are written to the file first."""

    def __init__(self, file: Path, root: Path, first: str = CATALOG) -> None:
        """Open the catalog in `file` for the tables in folders below `root`.

        `first` is the catalog that a new file has.
        """
        self._root = root
        file.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._db = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
        self._db.execute("pragma journal_mode = wal")
        self._db.execute("pragma synchronous = full")
        metastore.create_tables(self._db, first)
        self.grants = Grants(self._db, self._lock)
        self.tags = Tags(self._db, self._lock)
        self._catalogs = dict(self._db.execute("select name, comment from catalogs"))
        self._schemas = {
            tuple(row) for row in self._db.execute("select catalog, name from schemas")
        }
        self._relations = {
            relation.key: relation
            for (body,) in self._db.execute("select body from relations")
            for relation in [self._read(body)]
        }
        self.functions = Functions(self._db, self._lock)
        self.version = 0

    def catalogs(self) -> dict[str, str | None]:
        """The comments of all catalogs by name."""
        with self._lock:
            return dict(sorted(self._catalogs.items()))

    def require_catalog(self, name: str) -> str:
        """The catalog's name in lower case. Raises unless it exists."""
        with self._lock:
            if name.lower() not in self._catalogs:
                raise metastore.no_catalog(name)
            return name.lower()

    def current_catalog(self, name: str) -> str:
        """The name in lower case of a catalog that a session can be in. Raises unless it exists."""
        return metastore.SYSTEM if name.lower() == metastore.SYSTEM else self.require_catalog(name)

    def create_catalog(self, name: str, if_not_exists: bool, comment: str | None = None) -> None:
        """Add a catalog with the schema `default`."""
        with self._lock:
            if name.lower() in self._catalogs:
                if if_not_exists:
                    return
                raise SqlError(f"[CATALOG_ALREADY_EXISTS] The catalog `{name}` already exists.")
            metastore.check_name(name)
            metastore.insert_catalog(self._db, name.lower(), comment)
            self._catalogs[name.lower()] = comment
            self._schemas.add((name.lower(), "default"))
            self.version += 1

    def drop_catalog(self, name: str, cascade: bool) -> list[Relation]:
        """Remove a catalog. Returns the relations that were removed with it."""
        with self._lock:
            catalog = self.require_catalog(name)
            if self.schemas(catalog) and not cascade:
                raise SqlError(
                    f"[CATALOG_NOT_EMPTY] The catalog `{name}` contains schemas: use CASCADE."
                )
            held = self.relations(catalog=catalog)
            for function in self.functions.of(catalog=catalog):
                self.functions.drop(function.key)
            metastore.delete_catalog(self._db, catalog)
            del self._catalogs[catalog]
            self._schemas = {pair for pair in self._schemas if pair[0] != catalog}
            self.grants.forget(catalog)
            self.tags.forget(catalog)
            for relation in held:
                del self._relations[relation.key]
            self.version += 1
            return held

    def schemas(self, catalog: str = CATALOG) -> list[str]:
        """The names of a catalog's schemas."""
        with self._lock:
            return sorted(name for owner, name in self._schemas if owner == catalog.lower())

    def relations(self, schema: str | None = None, catalog: str | None = None) -> list[Relation]:
        """All relations, or those of a schema or a catalog, by name."""
        with self._lock:
            return [
                relation
                for key, relation in sorted(self._relations.items())
                if (schema is None or key.schema == schema.lower())
                and (catalog is None or key.catalog == catalog.lower())
            ]

    def find(self, key: tuple[str, ...]) -> Relation | None:
        """The relation of that name, or None."""
        with self._lock:
            return self._relations.get(Key(*(part.lower() for part in key)))

    def get(self, key: tuple[str, ...]) -> Relation:
        """The relation of that name. Raises if it does not exist."""
        found = self.find(key)
        if found is None:
            raise not_found(key)
        return found

    def require_schema(self, name: str, catalog: str) -> None:
        """Raise unless the schema exists."""
        with self._lock:
            self.require_catalog(catalog)
            if (catalog.lower(), name.lower()) not in self._schemas:
                raise SqlError(
                    f"[SCHEMA_NOT_FOUND] The schema `{catalog}`.`{name}` cannot be found."
                )

    def create_schema(
        self, name: str, catalog: str, if_not_exists: bool, details: SchemaDetails
    ) -> None:
        """Add a schema."""
        with self._lock:
            pair = (self.require_catalog(catalog), name.lower())
            if pair in self._schemas:
                if if_not_exists:
                    return
                raise SqlError(f"[SCHEMA_ALREADY_EXISTS] The schema `{name}` already exists.")
            check_object_name(pair[1], "schema")
            properties = json.dumps(details.properties)
            row = (*pair, details.comment, properties, details.location)
            self._db.execute("insert into schemas values (?, ?, ?, ?, ?)", row)
            self._schemas.add(pair)
            self.version += 1

    def schema_details(self, name: str, catalog: str) -> SchemaDetails:
        """The clauses of a schema."""
        with self._lock:
            query = (
                "select comment, properties, location from schemas where catalog = ? and name = ?"
            )
            found = self._db.execute(query, (catalog.lower(), name.lower())).fetchone()
            comment, properties, location = found or (None, None, None)
            return SchemaDetails(comment, json.loads(properties or "{}"), location or "")

    def comment_schema(self, name: str, catalog: str, comment: str | None) -> None:
        """Describe a schema."""
        with self._lock:
            self.require_schema(name, catalog)
            change = "update schemas set comment = ? where catalog = ? and name = ?"
            self._db.execute(change, (comment, catalog.lower(), name.lower()))
            self.version += 1

    def tag(self, name: str, added: dict[str, str], removed: list[str]) -> None:
        """Change the tags of a catalog or a schema, by its full name."""
        with self._lock:
            self.tags.add(name, added)
            self.tags.remove(name, removed)
            self.version += 1

    def drop_schema(self, name: str, catalog: str, cascade: bool) -> list[Relation]:
        """Remove a schema. Returns the relations that were removed with it."""
        with self._lock:
            self.require_schema(name, catalog)
            held = self.relations(name, catalog)
            functions = self.functions.of(name.lower(), catalog.lower())
            if (held or functions) and not cascade:
                raise SqlError(
                    f"[SCHEMA_NOT_EMPTY] The schema `{name}` contains relations: use CASCADE."
                )
            for function in functions:
                self.functions.drop(function.key)
            self._db.execute("begin immediate")
            pair = (catalog.lower(), name.lower())
            self._db.execute("delete from relations where catalog = ? and schema = ?", pair)
            self._db.execute("delete from schemas where catalog = ? and name = ?", pair)
            self._db.execute("commit")
            for relation in held:
                del self._relations[relation.key]
            self._schemas.discard(pair)
            self.grants.forget(".".join(pair))
            self.tags.forget(".".join(pair))
            self.version += 1
            return held

    def put(self, relation: Relation) -> Relation:
        """Add the relation, or replace the relation of the same name."""
        with self._lock:
            self.require_schema(relation.schema, relation.catalog)
            now = time.time()
            before = self._relations.get(relation.key)
            if before is None:
                check_object_name(relation.name)
            for policy in _policies(relation) - (_policies(before) if before else set()):
                self.functions.require(policy)
            created = before.created if before else relation.created or now
            stored = replace(relation, created=created, altered=now)
            self._db.execute(metastore.PUT, (*stored.key, self._body(stored)))
            self._relations[stored.key] = stored
            self.version += 1
            return stored

    def change(self, key: Key, **fields: object) -> Relation:
        """Replace some fields of a relation."""
        with self._lock:
            return self.put(replace(self.get(key), **fields))  # type: ignore[arg-type]

    def drop(self, key: Key) -> Relation | None:
        """Remove a relation. Returns it, or None if it did not exist."""
        with self._lock:
            found = self.find(key)
            if found is not None:
                self._db.execute(metastore.DELETE, found.key)
                self.grants.forget(found.full_name)
                del self._relations[found.key]
                self.version += 1
            return found

    def rename(self, key: Key, new: Key) -> Relation:
        """Rename a relation."""
        with self._lock:
            old = self.get(key)
            if self.find(new) is not None:
                raise SqlError(f"[TABLE_OR_VIEW_ALREADY_EXISTS] `{new[0]}`.`{new[1]}` exists.")
            self.require_schema(new.schema, new.catalog)
            check_object_name(new.name)
            there = Key(*(part.lower() for part in new))
            renamed = replace(old, **there._asdict())
            self._db.execute("begin immediate")
            self._db.execute(metastore.DELETE, old.key)
            self._db.execute(metastore.PUT, (*renamed.key, self._body(renamed)))
            self._db.execute("commit")
            self.grants.rename(old.full_name, renamed.full_name)
            del self._relations[old.key]
            self._relations[renamed.key] = renamed
            self.version += 1
            return renamed

    def _body(self, relation: Relation) -> str:
        """The relation in its stored form."""
        stored = asdict(relation)
        if relation.location:
            stored["location"] = str(Path(relation.location).relative_to(self._root))
        return json.dumps(stored)

    def _read(self, body: str) -> Relation:
        stored = json.loads(body)
        for column in stored["columns"]:
            column["mask"] = _policy(column.get("mask"))
        stored["columns"] = [Column(**column) for column in stored["columns"]]
        stored["row_filter"] = _policy(stored.get("row_filter"))
        stored["constraints"] = [Constraint(**constraint) for constraint in stored["constraints"]]
        stored["expectations"] = [Expectation(**each) for each in stored.get("expectations", [])]
        relation = Relation(**{"catalog": CATALOG} | stored)
        if not relation.location:
            return relation
        return replace(relation, location=str(self._root / _below_home(relation)))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _policies(relation: Relation) -> set[str]:
    """The functions of the row filter and of the column masks."""
    every = (relation.row_filter, *(column.mask for column in relation.columns))
    return {policy.function for policy in every if policy is not None}


def _policy(stored: dict | None) -> Policy | None:
    return Policy(**stored) if stored else None


def not_found(key: tuple[str, ...]) -> SqlError:
    """The error of Databricks for an unknown name. dbt-databricks reads its first word."""
    schema, name, catalog = Key(*key)
    return SqlError(
        f"[TABLE_OR_VIEW_NOT_FOUND] The table or view `{catalog}`.`{schema}`.`{name}` "
        "cannot be found."
    )


def _below_home(relation: Relation) -> str:
    """The table's folder as a path below the home. Earlier versions stored the absolute path."""
    if not Path(relation.location).is_absolute():
        return relation.location
    if relation.external_url:
        parts = urlsplit(relation.external_url)
        return f"lake/{parts.username}{parts.path}"
    return "warehouse/tables/" + relation.location.rpartition("/warehouse/tables/")[2]
