"""ALTER TABLE's changes of columns: RENAME, DROP, TYPE, FIRST and AFTER.

Databricks renames and drops columns in the metadata, by column mapping. The files of this warehouse
have no column mapping, so that every Delta reader understands them: here such a change rewrites the
table in one commit. It is refused where Databricks refuses it, without the table property.
Sources: https://docs.databricks.com/delta/column-mapping.html and type-widening.html
"""

import json
import re
from collections.abc import Iterator
from dataclasses import replace

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import Column, Relation
from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.delta_log.log import Operation
from medallion_local.databricks_sql.language.dialect import parse, quoted
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader

_WIDER = {
    "tinyint": ("smallint", "int", "bigint", "double"),
    "smallint": ("int", "bigint", "double"),
    "int": ("bigint", "double"),
    "float": ("double",),
    "date": ("timestamp_ntz",),
}
_DIGITS = {"tinyint": 3, "smallint": 5, "int": 10, "bigint": 20}
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")


def rename_column(context: Context, relation: Relation, reader: Reader) -> None:
    """RENAME COLUMN old TO new."""
    old = reader.identifier()
    if reader.sees("."):
        raise unsupported(reader.sql)
    reader.expect("TO")
    new = reader.identifier()
    reader.finish()
    column = require_column(relation, old)
    _require_mapping(relation, "[DELTA_UNSUPPORTED_RENAME_COLUMN] Column rename is")
    if any(each.name.lower() == new.lower() for each in relation.columns):
        raise SqlError(
            f"[FIELD_ALREADY_EXISTS] Cannot rename column: `{new}` already exists in "
            f"{relation.full_name}."
        )
    _require_independent(relation, column, "rename")
    columns = [replace(c, name=new) if c is column else c for c in relation.columns]

    def renamed(names: list[str]) -> list[str]:
        return [new if name.lower() == old.lower() else name for name in names]

    operation = Operation("RENAME COLUMN", {"oldColumnPath": old, "newColumnPath": new})
    sources = [quoted(each.name) for each in relation.columns]
    _rewrite(context, relation, columns, sources, operation, renamed(relation.partitioned_by))
    context.catalog.change(
        relation.key,
        columns=columns,
        partitioned_by=renamed(relation.partitioned_by),
        clustered_by=renamed(relation.clustered_by),
        constraints=[replace(c, columns=renamed(c.columns)) for c in relation.constraints],
    )


def drop_columns(context: Context, relation: Relation, reader: Reader) -> None:
    """DROP COLUMN[S] [IF EXISTS] name | (names)."""
    optional = reader.take("IF", "EXISTS")
    names = reader.strings() if reader.sees("(") else [reader.identifier()]
    while reader.take(","):
        names.append(reader.identifier())
    reader.finish()
    known = {column.name.lower() for column in relation.columns}
    if optional:
        names = [name for name in names if name.lower() in known]
    dropped = [require_column(relation, name) for name in names]
    if not dropped:
        return
    _require_mapping(relation, "[DELTA_UNSUPPORTED_DROP_COLUMN] DROP COLUMN is")
    used = {name.lower() for name in relation.partitioned_by + relation.clustered_by}
    for column in dropped:
        if column.name.lower() in used:
            raise SqlError(
                f"[DELTA_UNSUPPORTED_DROP_PARTITION_COLUMN] Dropping partition or clustering "
                f"columns ({column.name}) is not allowed."
            )
        _require_independent(relation, column, "drop")
    kept = [column for column in relation.columns if column not in dropped]
    if not kept:
        raise SqlError(
            "[DELTA_DROP_COLUMN_ON_SINGLE_FIELD_SCHEMA] Cannot drop column from a schema with a "
            "single column."
        )
    operation = Operation("DROP COLUMNS", {"columns": json.dumps([c.name for c in dropped])})
    sources = [quoted(column.name) for column in kept]
    _rewrite(context, relation, kept, sources, operation, relation.partitioned_by)
    gone = {column.name.lower() for column in dropped}
    constraints = [c for c in relation.constraints if not gone & {n.lower() for n in c.columns}]
    context.catalog.change(relation.key, columns=kept, constraints=constraints)


def change_type(context: Context, relation: Relation, name: str, text: str) -> None:
    """ALTER COLUMN name TYPE type."""
    column = require_column(relation, name)
    made = parse(f"CREATE TABLE t (c {text})").find(exp.ColumnDef)
    if made is None or made.args.get("kind") is None:
        raise unsupported(f"ALTER COLUMN {name} TYPE {text}")
    [field] = context.resolver().arrow_schema([(column.name, text)])
    wanted = text.lower().replace(" ", "")
    kind = storage.type_name(field.type)
    stored = wanted if storage.same_type(wanted, kind) and kind == "string" else kind
    if stored == column.type:
        return
    operation = Operation(
        "CHANGE COLUMN", {"column": json.dumps({"name": column.name, "type": stored})}
    )
    columns = [replace(c, type=stored) if c is column else c for c in relation.columns]
    if _longer_text(column.type, stored):
        storage.record(relation.location, operation)
    else:
        if not widens(column.type, stored) or not _true(relation, "delta.enableTypeWidening"):
            raise SqlError(
                "[DELTA_UNSUPPORTED_ALTER_TABLE_CHANGE_COL_OP] ALTER TABLE CHANGE COLUMN is not "
                f"supported for changing column {column.name} from {column.type.upper()} to "
                f"{stored.upper()}. A wider type needs the table property "
                "'delta.enableTypeWidening' = 'true'."
            )
        _require_independent(relation, column, "change")
        sources = [
            f"CAST({quoted(c.name)} AS {c.type})" if c.name == column.name else quoted(c.name)
            for c in columns
        ]
        _rewrite(context, relation, columns, sources, operation, relation.partitioned_by)
    context.catalog.change(relation.key, columns=columns)


def move(context: Context, relation: Relation, name: str, reader: Reader) -> None:
    """ALTER COLUMN name FIRST | AFTER other."""
    column = require_column(relation, name)
    others = [each for each in relation.columns if each is not column]
    place = 0
    if not reader.take("FIRST"):
        reader.expect("AFTER")
        place = others.index(require_column(relation, reader.identifier())) + 1
    columns = [*others[:place], column, *others[place:]]
    with context.storage.lock(relation.location):
        storage.change_schema(relation.location, columns, {})
        context.catalog.change(relation.key, columns=columns)


def widens(before: str, after: str) -> bool:
    """Whether type widening supports the change."""
    if after in _WIDER.get(before, ()):
        return True
    wide, narrow = _DECIMAL.fullmatch(after), _DECIMAL.fullmatch(before)
    if wide is None:
        return False
    precision, scale = int(wide[1]), int(wide[2])
    if narrow is not None:
        more = scale - int(narrow[2])
        return more >= 0 and precision - int(narrow[1]) >= more
    digits = _DIGITS.get(before)
    return digits is not None and precision - scale >= (10 if digits < 10 else digits)


def require_column(relation: Relation, name: str) -> Column:
    """The column of that name. Raises if there is none."""
    for column in relation.columns:
        if column.name.lower() == name.lower():
            return column
    raise SqlError(
        f"[UNRESOLVED_COLUMN.WITH_SUGGESTION] {relation.full_name} has no column `{name}`: its "
        f"columns are {', '.join(column.name for column in relation.columns)}."
    )


def _longer_text(before: str, after: str) -> bool:
    lengths = [re.fullmatch(r"varchar\((\d+)\)", kind) for kind in (before, after)]
    if lengths[0] is None:
        return False
    return after == "string" or (
        lengths[1] is not None and int(lengths[1][1]) >= int(lengths[0][1])
    )


def _true(relation: Relation, name: str) -> bool:
    return relation.properties.get(name, "").lower() == "true"


def _require_mapping(relation: Relation, subject: str) -> None:
    if relation.properties.get("delta.columnMapping.mode", "none").lower() == "none":
        raise SqlError(
            f"{subject} not supported for your Delta table. Please enable column mapping on "
            f"{relation.full_name}: ALTER TABLE … SET TBLPROPERTIES "
            "('delta.columnMapping.mode' = 'name')."
        )


def _require_independent(relation: Relation, column: Column, verb: str) -> None:
    texts = {c.name: c.expression for c in relation.constraints if c.kind == "CHECK"}
    for name, text in texts.items():
        if _reads(text, column.name):
            raise SqlError(
                f"[DELTA_CONSTRAINT_DEPENDENT_COLUMN_CHANGE] Cannot {verb} column {column.name} "
                f"because this column is referenced by the check constraint {name}: {text}."
            )
    for other in relation.columns:
        if other.generated and _reads(other.generated, column.name):
            raise SqlError(
                f"[DELTA_GENERATED_COLUMNS_DEPENDENT_COLUMN_CHANGE] Cannot {verb} column "
                f"{column.name} because this column is referenced by the generated column "
                f"{other.name}."
            )


def _reads(text: str, name: str) -> bool:
    columns = parse(f"SELECT {text}").find_all(exp.Column)
    return any(column.name.lower() == name.lower() for column in columns)


def _rewrite(
    context: Context,
    relation: Relation,
    columns: list[Column],
    sources: list[str],
    operation: Operation,
    partitioned_by: list[str],
) -> None:
    """Replace the table by its rows with these columns, in one commit."""
    folder = relation.location
    with context.storage.lock(folder):
        items = ", ".join(
            f"{source} AS {quoted(column.name)}"
            for source, column in zip(sources, columns, strict=True)
        )
        result = context.query(parse(f"SELECT {items} FROM delta.{quoted(folder)}"))
        schema = pa.schema(
            pa.field(column.name, field.type, column.nullable)
            for column, field in zip(columns, result.schema, strict=True)
        )

        def batches() -> Iterator[pa.RecordBatch]:
            for batch in result.batches:
                yield pa.RecordBatch.from_arrays(batch.columns, schema=schema)

        storage.replace_table(folder, schema, batches(), partitioned_by, {}, operation)
