"""`system.information_schema`, built from the catalog and queried by DuckDB in memory.

Views and columns: https://docs.databricks.com/sql/language-manual/sql-ref-information-schema.html
"""

import re
import threading
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp

from medallion_local.databricks_sql.catalog import MATERIALIZED, Catalog, Constraint, Key, Relation
from medallion_local.databricks_sql.catalog.metastore import SYSTEM
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.functions.store import Function
from medallion_local.databricks_sql.language.dialect import first_line
from medallion_local.databricks_sql.language.errors import SqlError
from medallion_local.databricks_sql.types import plain_schema

OWNER = "local"
SCHEMA = "information_schema"
_TEXT, _NUMBER, _TIME = pa.string(), pa.int32(), pa.timestamp("us", "UTC")
_TABLE_KEY = ["table_catalog", "table_schema", "table_name"]
_CONSTRAINT_KEY = ["constraint_catalog", "constraint_schema", "constraint_name"]
_ROUTINE_KEY = ["specific_catalog", "specific_schema", "specific_name"]
_CHANGED = ["created", "created_by", "last_altered", "last_altered_by"]
_PRIVILEGE = ["privilege_type", "is_grantable", "inherited_from"]
_VIEWS: dict[str, list[str]] = {
    "information_schema_catalog_name": ["catalog_name"],
    "catalogs": ["catalog_name", "catalog_owner", "comment", *_CHANGED],
    "schemata": ["catalog_name", "schema_name", "schema_owner", "comment", *_CHANGED],
    "tables": [
        *_TABLE_KEY, "table_type", "is_insertable_into", "commit_action", "table_owner", "comment",
        *_CHANGED, "data_source_format", "storage_sub_directory", "storage_path",
    ],
    "views": [
        *_TABLE_KEY, "view_definition", "check_option", "is_updatable", "is_insertable_into",
        "sql_path", "is_materialized",
    ],
    "columns": [
        *_TABLE_KEY, "column_name", "ordinal_position", "column_default", "is_nullable",
        "full_data_type", "data_type", "character_maximum_length", "character_octet_length",
        "numeric_precision", "numeric_precision_radix", "numeric_scale", "datetime_precision",
        "interval_type", "interval_precision", "maximum_cardinality", "is_identity",
        "identity_generation", "identity_start", "identity_increment", "identity_maximum",
        "identity_minimum", "identity_cycle", "is_generated", "generation_expression",
        "is_system_time_period_start", "is_system_time_period_end",
        "system_time_period_timestamp_generation", "is_updatable", "partition_ordinal_position",
        "comment",
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
    "check_constraints": [*_CONSTRAINT_KEY, "check_clause"],
    "constraint_column_usage": [*_TABLE_KEY, "column_name", *_CONSTRAINT_KEY],
    "constraint_table_usage": [*_TABLE_KEY, *_CONSTRAINT_KEY],
    "routines": [
        *_ROUTINE_KEY, "routine_catalog", "routine_schema", "routine_name", "routine_owner",
        "routine_type", "data_type", "full_data_type", "routine_body", "routine_definition",
        "external_language", "is_deterministic", "sql_data_access", "is_null_call",
        "security_type", "comment", "created",
    ],
    "parameters": [
        *_ROUTINE_KEY, "parameter_name", "ordinal_position", "parameter_mode", "is_result",
        "data_type", "full_data_type", "parameter_default", "comment",
    ],
    "routine_columns": [
        *_ROUTINE_KEY, "column_name", "ordinal_position", "data_type", "full_data_type", "comment",
    ],
    "catalog_privileges": ["grantor", "grantee", "catalog_name", *_PRIVILEGE],
    "schema_privileges": ["grantor", "grantee", "catalog_name", "schema_name", *_PRIVILEGE],
    "table_privileges": ["grantor", "grantee", *_TABLE_KEY, *_PRIVILEGE],
    "routine_privileges": ["grantor", "grantee", *_ROUTINE_KEY, *_PRIVILEGE],
    "volume_privileges": [
        "grantor", "grantee", "volume_catalog", "volume_schema", "volume_name", *_PRIVILEGE,
    ],
    "volumes": [
        "volume_catalog", "volume_schema", "volume_name", "volume_type", "volume_owner", "comment",
        "storage_location",
    ],
    "catalog_tags": ["catalog_name", "tag_name", "tag_value"],
    "schema_tags": ["catalog_name", "schema_name", "tag_name", "tag_value"],
    "volume_tags": ["catalog_name", "schema_name", "volume_name", "tag_name", "tag_value"],
}  # fmt: skip
_NUMBERS = (
    "ordinal_position", "position_in_unique_constraint", "character_maximum_length",
    "character_octet_length", "numeric_precision", "numeric_precision_radix", "numeric_scale",
    "datetime_precision", "interval_precision", "maximum_cardinality", "partition_ordinal_position",
)  # fmt: skip
_TYPES = dict.fromkeys(_NUMBERS, _NUMBER)
_TIMES = {"created", "last_altered"}


class InformationSchema:
    """The catalog as tables. A query builds those that it reads, if the catalog changed."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lock = threading.Lock()
        self._version = -1
        self._rows: dict[str, list[dict]] = {}
        self._built: set[str] = set()
        self._database: duckdb.DuckDBPyConnection | None = None

    @staticmethod
    def is_read_by(tree: exp.Expression) -> bool:
        """Whether a query reads the information schema and no other tables."""
        defined = {cte.alias.lower() for cte in tree.find_all(exp.CTE)}
        tables = [
            table
            for table in tree.find_all(exp.Table)
            if table.db or table.name.lower() not in defined
        ]
        return bool(tables) and all(table.db.lower() == SCHEMA for table in tables)

    def query(self, sql: str, current: str) -> Result:
        """Run a query that reads only the information schema. `current` is the session's catalog.

        A name without a catalog reads that catalog's rows.
        """
        tree = sqlglot.parse_one(sql, dialect="databricks")
        views = set()
        for table in list(tree.find_all(exp.Table)):
            if table.db.lower() == SCHEMA:
                _require(table.name)
                views.add(table.name.lower())
                self._read(table, (table.catalog or current).lower())
        for match in list(tree.find_all(exp.Like, exp.ILike)):
            if not isinstance(match.parent, exp.Escape) and isinstance(
                match.expression, exp.Literal
            ):
                backslash = exp.Literal.string("\\")  # DuckDB has no escape by default
                match.replace(exp.Escape(this=match.copy(), expression=backslash))
        text = tree.sql(dialect="duckdb", comments=False)
        try:
            found = self._cursor(views).execute(text).to_arrow_table()
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
            own = exp.column(_owner(view.name)).eq(self._catalog.require_catalog(catalog))
            rows = exp.select("*").from_(exp.Table(this=view)).where(own)
        read = exp.Subquery(this=rows, alias=alias.copy())
        for name in ("joins", "laterals", "pivots", "sample"):
            if table.args.get(name):
                read.set(name, table.args[name])
        table.replace(read)

    def _cursor(self, views: set[str]) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._database is None or self._version != self._catalog.version:
                self._version = self._catalog.version
                self._database = duckdb.connect(config={"threads": 1})
                self._database.execute("set timezone = 'UTC'")
                self._rows, self._built = _rows(self._catalog), set()
            for view in views - self._built:
                content = _table(view, self._rows[view])  # noqa: F841
                self._database.execute(f'create table "{view}" as select * from content')
                self._built.add(view)
            return self._database.cursor()


def table_of(catalog: Catalog, view: str, owner: str) -> pa.Table:
    """The rows of a view for one catalog, or for all with the owner `system`."""
    _require(view)
    rows = _rows(catalog)[view.lower()]
    if owner != SYSTEM:
        column = _owner(view.lower())
        rows = [row for row in rows if row[column] == catalog.require_catalog(owner)]
    return _table(view.lower(), rows)


def _table(view: str, rows: list[dict]) -> pa.Table:
    columns = _VIEWS[view]
    kinds = [(c, _TIME if c in _TIMES else _TYPES.get(c, _TEXT)) for c in columns]
    return pa.Table.from_pylist(rows, schema=pa.schema(kinds))


def _owner(view: str) -> str:
    """The column that has a row's catalog."""
    return next(c for c in _VIEWS[view] if c.endswith("_catalog") or c == "catalog_name")


def _require(view: str) -> None:
    if view.lower() not in _VIEWS:
        raise SqlError(f"[TABLE_OR_VIEW_NOT_FOUND] information_schema has no `{view}` here.")


def _rows(catalog: Catalog) -> dict[str, list[dict]]:
    rows: dict[str, list[dict]] = {view: [] for view in _VIEWS}
    for name, comment in catalog.catalogs().items():
        rows["information_schema_catalog_name"].append({"catalog_name": name})
        rows["catalogs"].append({"catalog_name": name, "catalog_owner": OWNER, "comment": comment})
        for tag, value in catalog.tags.of(name).items():
            row = {"catalog_name": name, "tag_name": tag, "tag_value": value}
            rows["catalog_tags"].append(row)
        for schema in catalog.schemas(name):
            for tag, value in catalog.tags.of(f"{name}.{schema}").items():
                row = {"catalog_name": name, "schema_name": schema}
                rows["schema_tags"].append(row | {"tag_name": tag, "tag_value": value})
            rows["schemata"].append(
                {
                    "catalog_name": name,
                    "schema_name": schema,
                    "schema_owner": OWNER,
                    "comment": catalog.schema_details(schema, name).comment,
                }
            )
    for function in catalog.functions.of():
        _routine_rows(function, rows)
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
                    "is_insertable_into": "NO",
                    "is_materialized": str(relation.kind == MATERIALIZED).upper(),
                }
            )
        short = {
            "catalog_name": relation.catalog,
            "schema_name": relation.schema,
            "table_name": relation.name,
        }
        if relation.row_filter is not None:
            rows["row_filters"].append(
                key
                | {
                    "filter_name": relation.row_filter.function,
                    "target_columns": ", ".join(relation.row_filter.arguments),
                }
            )
        for tag, value in relation.tags.items():
            rows["table_tags"].append(short | {"tag_name": tag, "tag_value": value})
        partitions = {name.lower(): n for n, name in enumerate(relation.partitioned_by)}
        for position, column in enumerate(relation.columns):
            rows["columns"].append(
                key
                | {
                    "column_name": column.name,
                    "ordinal_position": position,
                    "column_default": column.default,
                    "is_nullable": "YES" if column.nullable else "NO",
                    "full_data_type": column.type,
                    "data_type": column.type.split("(")[0].split("<")[0].upper(),
                    "comment": column.comment,
                    "partition_ordinal_position": partitions.get(column.name.lower()),
                }
                | _digits(column.type)
                | _NO_SQL_STANDARD
            )
            if column.mask is not None:
                rows["column_masks"].append(
                    key
                    | {
                        "column_name": column.name,
                        "mask_name": column.mask.function,
                        "using_columns": ", ".join(column.mask.arguments) or None,
                    }
                )
            for tag, value in column.tags.items():
                rows["column_tags"].append(
                    short | {"column_name": column.name, "tag_name": tag, "tag_value": value}
                )
        _constraint_rows(catalog, relation, key, rows)
    return rows


# What the SQL standard has and Databricks reserves.
_NO_SQL_STANDARD = {
    "is_identity": "NO", "is_generated": "NO", "is_system_time_period_start": "NO",
    "is_system_time_period_end": "NO", "is_updatable": "YES",
}  # fmt: skip
_BITS = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64, "float": 24, "double": 53}
_SIZED = re.compile(r"(decimal|varchar|char)\((\d+)(?:,\s*(\d+))?\)")


def _digits(kind: str) -> dict[str, int | None]:
    """The length of a text, or the precision and scale of a number."""
    if kind in _BITS:
        scale = None if kind in ("float", "double") else 0
        return {
            "numeric_precision": _BITS[kind],
            "numeric_precision_radix": 2,
            "numeric_scale": scale,
        }
    sized = _SIZED.fullmatch(kind)
    if sized is None:
        return {}
    if sized[1] != "decimal":
        return {"character_maximum_length": int(sized[2])}
    return {
        "numeric_precision": int(sized[2]),
        "numeric_precision_radix": 10,
        "numeric_scale": int(sized[3] or 0),
    }


def _routine_rows(function: Function, rows: dict[str, list[dict]]) -> None:
    names = (function.catalog, function.schema, function.name)
    key = dict(zip(_ROUTINE_KEY, names, strict=True))
    routine = dict(zip(("routine_catalog", "routine_schema", "routine_name"), names, strict=True))
    rows["routines"].append(
        key
        | routine
        | _type("TABLE_TYPE" if function.is_table else function.returns)
        | {
            "routine_owner": OWNER,
            "routine_type": "FUNCTION",
            "routine_body": "SQL" if function.language == "SQL" else "EXTERNAL",
            "external_language": None if function.language == "SQL" else function.language,
            "routine_definition": function.body,
            "is_deterministic": "YES" if function.deterministic else "NO",
            "sql_data_access": function.data_access.replace(" ", "_"),
            "is_null_call": "YES",
            "security_type": "DEFINER",
            "comment": function.comment,
            "created": datetime.fromtimestamp(function.created, UTC),
        }
    )
    for position, parameter in enumerate(function.parameters):
        rows["parameters"].append(
            key
            | _type(parameter.type)
            | {
                "parameter_name": parameter.name,
                "ordinal_position": position,
                "parameter_mode": "IN",
                "is_result": "NO",
                "parameter_default": parameter.default or None,
                "comment": parameter.comment,
            }
        )
    for position, column in enumerate(function.columns):
        rows["routine_columns"].append(
            key
            | _type(column.type)
            | {
                "column_name": column.name,
                "ordinal_position": position,
                "comment": column.comment,
            }
        )


def _type(name: str) -> dict:
    return {
        "full_data_type": name.lower(),
        "data_type": name.split("(")[0].split("<")[0].upper(),
    }


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
        "data_source_format": None if relation.is_view else relation.provider.upper(),
        "storage_path": relation.external_url or relation.location or None,
    }


def _usage_rows(
    catalog: Catalog, constraint: Constraint, name: dict, key: dict, rows: dict[str, list[dict]]
) -> None:
    """The columns that a constraint uses; a foreign key uses those that it references."""
    used, columns = key, constraint.columns
    if constraint.references is not None:
        schema, table, columns = constraint.references
        above = constraint.catalog or key["table_catalog"]
        used = {"table_catalog": above, "table_schema": schema, "table_name": table}
    if constraint.kind == "CHECK":
        return
    rows["constraint_table_usage"].append(name | used)
    for column in columns:
        rows["constraint_column_usage"].append(name | used | {"column_name": column})


def _constraint_rows(
    catalog: Catalog, relation: Relation, key: dict, rows: dict[str, list[dict]]
) -> None:
    for constraint in relation.constraints:
        own = (relation.catalog, relation.schema, constraint.name)
        name = dict(zip(_CONSTRAINT_KEY, own, strict=True))
        rows["table_constraints"].append(
            name | key | {"constraint_type": constraint.kind, "enforced": "NO"}
        )
        if constraint.kind == "CHECK":
            rows["check_constraints"].append(name | {"check_clause": constraint.expression})
        _usage_rows(catalog, constraint, name, key, rows)
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
