"""`system.information_schema`, built from the catalog and queried by DuckDB in memory.

Views and columns: https://docs.databricks.com/sql/language-manual/sql-ref-information-schema.html
"""

import threading
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from medallion_local.databricks_sql.catalog import MATERIALIZED, Catalog, Key, Relation
from medallion_local.databricks_sql.dialect import first_line
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.errors import SqlError
from medallion_local.databricks_sql.metastore import SYSTEM
from medallion_local.databricks_sql.types import plain_schema

OWNER = "local"
_TEXT, _NUMBER, _TIME = pa.string(), pa.int32(), pa.timestamp("us", "UTC")
_TABLE_KEY = ["table_catalog", "table_schema", "table_name"]
_CONSTRAINT_KEY = ["constraint_catalog", "constraint_schema", "constraint_name"]
_VIEWS: dict[str, list[str]] = {
    "catalogs": ["catalog_name", "catalog_owner", "comment"],
    "schemata": ["catalog_name", "schema_name", "schema_owner", "comment"],
    "tables": [
        *_TABLE_KEY, "table_type", "is_insertable_into", "commit_action", "table_owner", "comment",
        "created", "created_by", "last_altered", "last_altered_by", "data_source_format",
        "storage_path",
    ],
    "views": [*_TABLE_KEY, "view_definition", "check_option", "is_updatable"],
    "columns": [
        *_TABLE_KEY, "column_name", "ordinal_position", "column_default", "is_nullable",
        "full_data_type", "data_type", "comment",
    ],
    "row_filters": [*_TABLE_KEY, "filter_name", "target_columns"],
    "column_masks": [*_TABLE_KEY, "column_name", "mask_name", "using_columns"],
    "table_tags": ["catalog_name", "schema_name", "table_name", "tag_name", "tag_value"],
    "column_tags": [
        "catalog_name", "schema_name", "table_name", "column_name", "tag_name", "tag_value",
    ],
    "table_constraints": [*_CONSTRAINT_KEY, *_TABLE_KEY, "constraint_type", "enforced"],
    "key_column_usage": [
        *_CONSTRAINT_KEY, *_TABLE_KEY, "column_name", "ordinal_position",
        "position_in_unique_constraint",
    ],
    "referential_constraints": [
        *_CONSTRAINT_KEY, "unique_constraint_catalog", "unique_constraint_schema",
        "unique_constraint_name",
    ],
}  # fmt: skip
_TYPES = {"ordinal_position": _NUMBER, "position_in_unique_constraint": _NUMBER}
_TIMES = {"created", "last_altered"}


class InformationSchema:
    """The catalog as tables, which are built again after the catalog changed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._version = -1
        self._database: duckdb.DuckDBPyConnection | None = None

    @staticmethod
    def is_read_by(tree: exp.Expression) -> bool:
        """Whether a query reads the information schema."""
        return any(table.db.lower() == "information_schema" for table in tree.find_all(exp.Table))

    def query(self, sql: str, current: str) -> Result:
        """Run a query that reads only the information schema. `current` is the session's catalog.

        A name without a catalog reads that catalog's rows.
        """
        tree = sqlglot.parse_one(sql, dialect="databricks")
        for table in list(tree.find_all(exp.Table)):
            if table.db.lower() == "information_schema":
                if table.name.lower() not in _VIEWS:
                    raise SqlError(
                        f"[TABLE_OR_VIEW_NOT_FOUND] information_schema has no `{table.name}` here."
                    )
                self._read(table, (table.catalog or current).lower())
        text = tree.sql(dialect="duckdb", comments=False)
        try:
            found = self._cursor().execute(text).to_arrow_table()
        except duckdb.Error as error:
            raise SqlError(f"[INFORMATION_SCHEMA] {first_line(error)}") from None
        return result_of(found.cast(plain_schema(found.schema)))

    def _read(self, table: exp.Table, catalog: str) -> None:
        """Read the rows of one catalog, or of all for `system`."""
        view = exp.to_identifier(table.name.lower())
        alias = table.args.get("alias") or exp.TableAlias(this=view.copy())
        if catalog == SYSTEM:
            rows = exp.select("*").from_(exp.Table(this=view))
        else:
            own = exp.column(_VIEWS[view.name][0]).eq(self._catalog.require_catalog(catalog))
            rows = exp.select("*").from_(exp.Table(this=view)).where(own)
        read = exp.Subquery(this=rows, alias=alias.copy())
        for name in ("joins", "laterals", "pivots", "sample"):
            if table.args.get(name):
                read.set(name, table.args[name])
        table.replace(read)

    def _cursor(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None or self._version != self._catalog.version:
                self._version = self._catalog.version
                self._database = self._built()
            return self._database.cursor()

    def _built(self) -> duckdb.DuckDBPyConnection:
        database = duckdb.connect(config={"threads": 1})
        database.execute("set timezone = 'UTC'")
        rows = _rows(self._catalog)
        for view, columns in _VIEWS.items():
            schema = pa.schema(
                [(c, _TIME if c in _TIMES else _TYPES.get(c, _TEXT)) for c in columns]
            )
            content = pa.Table.from_pylist(rows[view], schema=schema)  # noqa: F841
            database.execute(f'create table "{view}" as select * from content')
        return database


def _rows(catalog: Catalog) -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {view: [] for view in _VIEWS}
    for name, comment in catalog.catalogs().items():
        rows["catalogs"].append({"catalog_name": name, "catalog_owner": OWNER, "comment": comment})
        for schema in catalog.schemas(name):
            rows["schemata"].append(
                {"catalog_name": name, "schema_name": schema, "schema_owner": OWNER}
            )
    for relation in catalog.relations():
        key = dict(zip(_TABLE_KEY, (relation.catalog, relation.schema, relation.name), strict=True))
        rows["tables"].append(key | _table_row(relation))
        if relation.is_view or relation.kind == MATERIALIZED:
            rows["views"].append(
                key
                | {
                    "view_definition": relation.query,
                    "check_option": "NONE",
                    "is_updatable": "NO",
                }
            )
        short = {
            "catalog_name": relation.catalog,
            "schema_name": relation.schema,
            "table_name": relation.name,
        }
        for tag, value in relation.tags.items():
            rows["table_tags"].append(short | {"tag_name": tag, "tag_value": value})
        for position, column in enumerate(relation.columns):
            rows["columns"].append(
                key
                | {
                    "column_name": column.name,
                    "ordinal_position": position,
                    "is_nullable": "YES" if column.nullable else "NO",
                    "full_data_type": column.type,
                    "data_type": column.type.split("(")[0].split("<")[0].upper(),
                    "comment": column.comment,
                }
            )
            for tag, value in column.tags.items():
                rows["column_tags"].append(
                    short | {"column_name": column.name, "tag_name": tag, "tag_value": value}
                )
        _constraint_rows(catalog, relation, key, rows)
    return rows


def _table_row(relation: Relation) -> dict:
    return {
        "table_type": relation.kind,
        "is_insertable_into": "NO" if relation.is_view or relation.is_refreshed else "YES",
        "commit_action": "PRESERVE",
        "table_owner": OWNER,
        "comment": relation.comment,
        "created": datetime.fromtimestamp(relation.created, UTC),
        "created_by": OWNER,
        "last_altered": datetime.fromtimestamp(relation.altered, UTC),
        "last_altered_by": OWNER,
        "data_source_format": None if relation.is_view else "DELTA",
        "storage_path": relation.external_url or relation.location or None,
    }


def _constraint_rows(
    catalog: Catalog, relation: Relation, key: dict, rows: dict[str, list[dict]]
) -> None:
    for constraint in relation.constraints:
        own = (relation.catalog, relation.schema, constraint.name)
        name = dict(zip(_CONSTRAINT_KEY, own, strict=True))
        rows["table_constraints"].append(
            name | key | {"constraint_type": constraint.kind, "enforced": "NO"}
        )
        for position, column in enumerate(constraint.columns, start=1):
            rows["key_column_usage"].append(
                name | key | {"column_name": column, "ordinal_position": position}
            )
        if constraint.references is None:
            continue
        schema, table, _ = constraint.references
        above = constraint.catalog or relation.catalog
        parent = catalog.find(Key(schema, table, above))
        keys = [c for c in parent.constraints if c.kind == "PRIMARY KEY"] if parent else []
        for unique in keys[:1]:
            rows["referential_constraints"].append(
                name
                | {
                    "unique_constraint_catalog": above,
                    "unique_constraint_schema": schema,
                    "unique_constraint_name": unique.name,
                }
            )
