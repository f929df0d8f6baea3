"""The answers to the protocol's metadata calls, with the columns that JDBC defines.

Source: https://docs.oracle.com/en/java/javase/17/docs/api/java.sql/java/sql/DatabaseMetaData.html
"""

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

import pyarrow as pa

from medallion_local.databricks_sql.catalog import Catalog, Column, Constraint, Key, Relation
from medallion_local.databricks_sql.catalog.metastore import SYSTEM

_TEXT, _INT, _SHORT = pa.string(), pa.int32(), pa.int16()


def _schema(text: str, ints: str = "", shorts: str = "") -> Callable[[Iterable[dict]], pa.Table]:
    whole = dict.fromkeys(ints.split(), _INT) | dict.fromkeys(shorts.split(), _SHORT)
    schema = pa.schema([(name, whole.get(name, _TEXT)) for name in text.split()])
    return lambda rows: pa.Table.from_pylist(list(rows), schema=schema)


_CATALOGS = _schema("TABLE_CAT")
_SCHEMAS = _schema("TABLE_SCHEM TABLE_CATALOG")
_TABLES = _schema(
    "TABLE_CAT TABLE_SCHEM TABLE_NAME TABLE_TYPE REMARKS TYPE_CAT TYPE_SCHEM TYPE_NAME "
    "SELF_REFERENCING_COL_NAME REF_GENERATION"
)
_TABLE_TYPES = _schema("TABLE_TYPE")
_COLUMNS = _schema(
    "TABLE_CAT TABLE_SCHEM TABLE_NAME COLUMN_NAME DATA_TYPE TYPE_NAME COLUMN_SIZE BUFFER_LENGTH "
    "DECIMAL_DIGITS NUM_PREC_RADIX NULLABLE REMARKS COLUMN_DEF SQL_DATA_TYPE SQL_DATETIME_SUB "
    "CHAR_OCTET_LENGTH ORDINAL_POSITION IS_NULLABLE SCOPE_CATALOG SCOPE_SCHEMA SCOPE_TABLE "
    "SOURCE_DATA_TYPE IS_AUTO_INCREMENT",
    "DATA_TYPE COLUMN_SIZE BUFFER_LENGTH DECIMAL_DIGITS NUM_PREC_RADIX NULLABLE SQL_DATA_TYPE "
    "SQL_DATETIME_SUB CHAR_OCTET_LENGTH ORDINAL_POSITION",
    "SOURCE_DATA_TYPE",
)
_TYPE_INFO = _schema(
    "TYPE_NAME DATA_TYPE PRECISION LITERAL_PREFIX LITERAL_SUFFIX CREATE_PARAMS NULLABLE "
    "CASE_SENSITIVE SEARCHABLE UNSIGNED_ATTRIBUTE FIXED_PREC_SCALE AUTO_INCREMENT LOCAL_TYPE_NAME "
    "MINIMUM_SCALE MAXIMUM_SCALE SQL_DATA_TYPE SQL_DATETIME_SUB NUM_PREC_RADIX",
    "DATA_TYPE PRECISION SQL_DATA_TYPE SQL_DATETIME_SUB NUM_PREC_RADIX",
    "NULLABLE SEARCHABLE MINIMUM_SCALE MAXIMUM_SCALE",
)
_PRIMARY_KEYS = _schema("TABLE_CAT TABLE_SCHEM TABLE_NAME COLUMN_NAME KEY_SEQ PK_NAME", "KEY_SEQ")
_FOREIGN_KEYS = _schema(
    "PKTABLE_CAT PKTABLE_SCHEM PKTABLE_NAME PKCOLUMN_NAME FKTABLE_CAT FKTABLE_SCHEM FKTABLE_NAME "
    "FKCOLUMN_NAME KEY_SEQ UPDATE_RULE DELETE_RULE FK_NAME PK_NAME DEFERRABILITY",
    "KEY_SEQ UPDATE_RULE DELETE_RULE DEFERRABILITY",
)
_FUNCTIONS = _schema(
    "FUNCTION_CAT FUNCTION_SCHEM FUNCTION_NAME REMARKS FUNCTION_TYPE SPECIFIC_NAME",
    "FUNCTION_TYPE",
)

# java.sql.Types, and the size and radix of the numbers
_JDBC = {
    "boolean": (16, 1, None), "tinyint": (-6, 3, 10), "smallint": (5, 5, 10), "int": (4, 10, 10),
    "bigint": (-5, 19, 10), "float": (6, 7, 10), "double": (8, 15, 10), "decimal": (3, 10, 10),
    "string": (12, 255, None), "varchar": (12, 255, None), "char": (1, 255, None),
    "binary": (-2, 32767, None), "date": (91, 10, None), "timestamp": (93, 29, None),
    "timestamp_ntz": (93, 29, None), "array": (2003, 255, None), "map": (2000, 255, None),
    "struct": (2002, 255, None), "void": (0, 1, None), "interval": (12, 255, None),
}  # fmt: skip
_NO_ACTION, _NOT_DEFERRABLE = 3, 7


class Metadata:
    """The catalog as JDBC's tables. Patterns are those of JDBC; None matches everything."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def catalogs(self) -> pa.Table:
        """The catalogs."""
        return _CATALOGS({"TABLE_CAT": name} for name in [*self._catalog.catalogs(), SYSTEM])

    def schemas(self, catalog: str | None, schema: str | None) -> pa.Table:
        """The schemas whose name matches."""
        return _SCHEMAS(
            {"TABLE_SCHEM": name, "TABLE_CATALOG": held}
            for held in self._catalog.catalogs()
            if _is(held, catalog)
            for name in self._catalog.schemas(held)
            if like(name, schema)
        )

    def tables(
        self, catalog: str | None, schema: str | None, table: str | None, kinds: list[str] | None
    ) -> pa.Table:
        """The tables and views whose names match, of the given types."""
        wanted = {kind.upper() for kind in kinds or []}
        rows = (
            _key(relation)
            | {
                "TABLE_TYPE": "VIEW" if relation.is_view else "TABLE",
                "REMARKS": relation.comment or "",
            }
            for relation in self._matching(catalog, schema, table)
        )
        return _TABLES(row for row in rows if not wanted or row["TABLE_TYPE"] in wanted)

    def table_types(self) -> pa.Table:
        """The types that `tables` knows."""
        return _TABLE_TYPES({"TABLE_TYPE": kind} for kind in ("TABLE", "VIEW"))

    def columns(
        self, catalog: str | None, schema: str | None, table: str | None, column: str | None
    ) -> pa.Table:
        """The columns of the relations whose names match."""
        return _COLUMNS(
            _key(relation) | _column(one, position)
            for relation in self._matching(catalog, schema, table)
            for position, one in enumerate(relation.columns)
            if like(one.name, column)
        )

    def type_info(self) -> pa.Table:
        """The types of columns."""
        return _TYPE_INFO(
            {
                "TYPE_NAME": name.upper(),
                "DATA_TYPE": number,
                "PRECISION": size,
                "NULLABLE": 1,
                "CASE_SENSITIVE": "true" if number == 12 else "false",
                "SEARCHABLE": 3,
                "NUM_PREC_RADIX": radix,
            }
            for name, (number, size, radix) in _JDBC.items()
        )

    def primary_keys(self, catalog: str | None, schema: str | None, table: str | None) -> pa.Table:
        """The columns of the primary keys of the relations of that name."""
        return _PRIMARY_KEYS(
            _key(relation) | {"COLUMN_NAME": name, "KEY_SEQ": place, "PK_NAME": key.name}
            for relation in self._named(catalog, schema, table)
            for key in _keys(relation, "PRIMARY KEY")
            for place, name in enumerate(key.columns, start=1)
        )

    def foreign_keys(
        self,
        parent: tuple[str | None, str | None, str | None],
        child: tuple[str | None, str | None, str | None],
    ) -> pa.Table:
        """The foreign keys of the child, of the parent, or between both; None matches all."""
        rows = []
        for relation in self._named(*child):
            for key in _keys(relation, "FOREIGN KEY"):
                assert key.references is not None
                schema, table, columns = key.references
                held = key.catalog or relation.catalog
                target = self._catalog.find(Key(schema, table, held))
                if not all(map(_is, (held, schema, table), parent)):
                    continue
                primary = next(iter(_keys(target, "PRIMARY KEY")), None) if target else None
                referenced = columns or (primary.columns if primary else [])
                for place, (own, other) in enumerate(
                    zip(key.columns, referenced, strict=False), start=1
                ):
                    rows.append(
                        {
                            "PKTABLE_CAT": held,
                            "PKTABLE_SCHEM": schema,
                            "PKTABLE_NAME": table,
                            "PKCOLUMN_NAME": other,
                            "FKTABLE_CAT": relation.catalog,
                            "FKTABLE_SCHEM": relation.schema,
                            "FKTABLE_NAME": relation.name,
                            "FKCOLUMN_NAME": own,
                            "KEY_SEQ": place,
                            "UPDATE_RULE": _NO_ACTION,
                            "DELETE_RULE": _NO_ACTION,
                            "FK_NAME": key.name,
                            "PK_NAME": primary.name if primary else None,
                            "DEFERRABILITY": _NOT_DEFERRABLE,
                        }
                    )
        return _FOREIGN_KEYS(rows)

    def functions(self) -> pa.Table:
        """The functions of a schema: JDBC lists only those that users created."""
        return _FUNCTIONS([])

    def _matching(
        self, catalog: str | None, schema: str | None, table: str | None
    ) -> list[Relation]:
        return [
            relation
            for relation in self._catalog.relations()
            if _is(relation.catalog, catalog)
            and like(relation.schema, schema)
            and like(relation.name, table)
        ]

    def _named(self, catalog: str | None, schema: str | None, table: str | None) -> list[Relation]:
        return [
            relation
            for relation in self._catalog.relations()
            if _is(relation.catalog, catalog)
            and _is(relation.schema, schema)
            and _is(relation.name, table)
        ]


def like(name: str, pattern: str | None) -> bool:
    r"""Match a JDBC pattern: `%` or `*` any text, `_` a character, `\` escapes; None all."""
    return not pattern or _compiled(pattern).fullmatch(name) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern:
    pieces = re.findall(r"\\.|.", pattern, re.DOTALL)
    any_text = {"%": ".*", "*": ".*", "_": "."}
    text = (any_text.get(one) or re.escape(one[-1]) for one in pieces)
    return re.compile("".join(text), re.IGNORECASE | re.DOTALL)


def _is(name: str, wanted: str | None) -> bool:
    return not wanted or wanted in ("%", "*") or name.lower() == wanted.lower()


def _key(relation: Relation) -> dict:
    return {
        "TABLE_CAT": relation.catalog,
        "TABLE_SCHEM": relation.schema,
        "TABLE_NAME": relation.name,
    }


def _keys(relation: Relation, kind: str) -> list[Constraint]:
    return [one for one in relation.constraints if one.kind == kind]


def _column(column: Column, position: int) -> dict:
    base = re.split(r"[(<]", column.type, maxsplit=1)[0].strip().lower()
    number, size, radix = _JDBC.get(base, (1111, 0, None))
    digits = 0 if radix else None
    given = re.match(r"\w+\((\d+)(?:,\s*(\d+))?\)", column.type)
    if given is not None:
        size = int(given[1])
        digits = int(given[2] or 0) if radix else None
    return {
        "COLUMN_NAME": column.name,
        "DATA_TYPE": number,
        "TYPE_NAME": column.type.upper(),
        "COLUMN_SIZE": size,
        "DECIMAL_DIGITS": {"float": 7, "double": 15}.get(base, digits),
        "NUM_PREC_RADIX": radix,
        "NULLABLE": 1 if column.nullable else 0,
        "REMARKS": column.comment or "",
        "SQL_DATA_TYPE": number,
        "ORDINAL_POSITION": position,
        "IS_NULLABLE": "YES" if column.nullable else "NO",
        "IS_AUTO_INCREMENT": "NO",
    }
