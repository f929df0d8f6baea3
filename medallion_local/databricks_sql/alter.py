"""ALTER TABLE and VIEW, and COMMENT ON."""

from dataclasses import replace

from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import MATERIALIZED, STREAMING, Relation
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.definitions import definition
from medallion_local.databricks_sql.dialect import parse, quoted
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.errors import SqlError, unsupported
from medallion_local.databricks_sql.reader import Reader
from medallion_local.databricks_sql.streaming_ddl import schedule_of
from medallion_local.databricks_sql.types import type_name

_VERBS = ("ADD", "ALTER")
# Clauses that would change a streaming table outside its definition.
_NOT_OF_STREAMS = (
    ("RENAME",),
    ("ADD", "COLUMN"),
    ("ADD", "COLUMNS"),
    ("ADD", "CONSTRAINT"),
    ("DROP", "CONSTRAINT"),
)


def alter(context: Context, sql: str) -> Result:
    """ALTER TABLE | VIEW | STREAMING TABLE name …"""
    reader = Reader(sql)
    reader.expect("ALTER")
    streaming, materialized = reader.take("STREAMING"), reader.take("MATERIALIZED")
    if materialized:
        reader.expect("VIEW")
    elif not (reader.take("TABLE") or (not streaming and reader.take("VIEW"))):
        raise unsupported(sql)
    relation = context.relation(reader.name())
    if materialized and relation.kind != MATERIALIZED:
        raise SqlError(
            f"[EXPECT_MATERIALIZED_VIEW] {relation.full_name} is a {relation.kind.lower()}: "
            "use ALTER TABLE or ALTER VIEW."
        )
    if streaming and relation.kind != STREAMING:
        raise SqlError(
            f"[EXPECT_STREAMING_TABLE] {relation.full_name} is a {relation.kind.lower()}: "
            "use ALTER TABLE or ALTER VIEW."
        )
    if relation.is_refreshed and any(reader.sees(*words) for words in _NOT_OF_STREAMS):
        raise unsupported(sql)
    if (streaming or materialized) and _schedule(context, relation, reader):
        pass
    elif reader.take("RENAME", "TO"):
        _rename(context, relation, reader.name())
    elif reader.take("SET", "TAGS"):
        context.catalog.change(relation.key, tags=relation.tags | reader.pairs())
    elif reader.take("UNSET", "TAGS"):
        gone = set(reader.strings())
        kept = {key: value for key, value in relation.tags.items() if key not in gone}
        context.catalog.change(relation.key, tags=kept)
    elif reader.take("SET", "TBLPROPERTIES"):
        _set_properties(context, relation, reader.pairs())
    elif reader.take("CLUSTER", "BY"):
        auto = reader.take("AUTO")
        columns = [] if auto or reader.take("NONE") else reader.strings()
        context.catalog.change(relation.key, clustered_by=columns, cluster_auto=auto)
    elif reader.take("ADD", "CONSTRAINT"):
        _add_constraint(context, relation, reader, sql)
    elif reader.take("DROP", "CONSTRAINT"):
        _drop_constraint(context, relation, reader)
    elif reader.take("ADD", "COLUMNS") or reader.take("ADD", "COLUMN"):
        _add_columns(context, relation, reader.rest())
    elif reader.take("ALTER", "COLUMN") or reader.take("CHANGE", "COLUMN"):
        _alter_column(context, relation, reader, sql)
    else:
        raise unsupported(sql)
    reader.finish()
    return done()


def _schedule(context: Context, relation: Relation, reader: Reader) -> bool:
    """ADD or ALTER SCHEDULE or TRIGGER, DROP SCHEDULE. Returns whether it was one of these."""
    schedule = "MANUAL"
    if not reader.take("DROP", "SCHEDULE"):
        if not any(reader.sees(verb, kind) for verb in _VERBS for kind in ("SCHEDULE", "TRIGGER")):
            return False
        reader.identifier()
        schedule = schedule_of(reader)
    context.catalog.change(relation.key, schedule=schedule)
    return True


def comment_on(context: Context, sql: str) -> Result:
    """COMMENT ON TABLE | VIEW | COLUMN | SCHEMA name IS 'text'."""
    reader = Reader(sql)
    reader.expect("COMMENT", "ON")
    kind = reader.identifier().upper()
    if kind in ("STREAMING", "MATERIALIZED"):
        kind = reader.identifier().upper()
    parts = reader.name()
    reader.expect("IS")
    text = None if reader.take("NULL") else reader.string()
    reader.finish()
    if kind in ("TABLE", "VIEW"):
        context.catalog.change(context.relation(parts).key, comment=text)
    elif kind == "COLUMN":
        relation = context.relation(parts[:-1])
        _change_column(context, relation, parts[-1], comment=text)
    elif kind in ("SCHEMA", "DATABASE"):
        catalog, schema = context.session.namespace(parts)
        context.catalog.comment_schema(schema, catalog, text)
    else:
        raise unsupported(sql)
    return done()


def _rename(context: Context, relation: Relation, parts: tuple[str, ...]) -> None:
    if len(parts) == 1 and "." in parts[0]:
        parts = tuple(parts[0].replace("`", "").split("."))
    context.catalog.rename(relation.key, context.session.key(parts))


def _set_properties(context: Context, relation: Relation, properties: dict[str, str]) -> None:
    wanted = storage.delta_properties(properties)
    if wanted and not relation.is_view:
        with context.storage.lock(relation.location):
            storage.set_properties(relation.location, wanted)
    context.catalog.change(relation.key, properties=relation.properties | properties)


def _add_constraint(context: Context, relation: Relation, reader: Reader, sql: str) -> None:
    name = reader.identifier()
    clause = reader.rest()
    made = parse(f"CREATE TABLE t (CONSTRAINT {quoted(name)} {clause})")
    assert isinstance(made, exp.Create)
    added = definition(made, sql).constraints
    for constraint in added:
        if constraint.kind == "CHECK":
            _check_rows(context, relation, constraint.expression, constraint.name)
        elif constraint.kind == "PRIMARY KEY":
            known = {c.name.lower() for c in relation.columns}
            for column in constraint.columns:
                if column.lower() not in known:
                    raise SqlError(
                        f"[UNRESOLVED_COLUMN] {relation.full_name} has no column `{column}`."
                    )
    names = {constraint.name for constraint in added}
    kept = [constraint for constraint in relation.constraints if constraint.name not in names]
    context.catalog.change(relation.key, constraints=kept + added)


def _check_rows(context: Context, relation: Relation, condition: str, name: str) -> None:
    broken = parse(f"SELECT 1 FROM {_path(relation)} WHERE NOT ({condition}) LIMIT 1")
    if context.query(broken).rows():
        raise SqlError(
            f"[DELTA_NEW_CHECK_CONSTRAINT_VIOLATION] Rows of {relation.full_name} violate the "
            f"constraint {name}: {condition}."
        )


def _drop_constraint(context: Context, relation: Relation, reader: Reader) -> None:
    optional = reader.take("IF", "EXISTS")
    name = reader.identifier()
    reader.take("CASCADE")
    kept = [c for c in relation.constraints if c.name.lower() != name.lower()]
    if len(kept) == len(relation.constraints) and not optional:
        raise SqlError(f"[CONSTRAINT_DOES_NOT_EXIST] {relation.full_name} has no {name}.")
    context.catalog.change(relation.key, constraints=kept)


def _add_columns(context: Context, relation: Relation, clause: str) -> None:
    text = clause if clause.startswith("(") else f"({clause})"
    made = parse(f"CREATE TABLE t {text}")
    assert isinstance(made, exp.Create)
    added = definition(made, clause).columns
    known = {column.name.lower() for column in relation.columns}
    for column in added:
        if column.name.lower() in known:
            raise SqlError(
                f"[FIELD_ALREADY_EXISTS] {relation.full_name} already has `{column.name}`."
            )
    arrow = context.resolver().arrow_schema([(c.name, c.type) for c in added])
    added = [
        replace(column, type=type_name(field.type), nullable=True)
        for column, field in zip(added, arrow, strict=True)
    ]
    columns = relation.columns + added
    with context.storage.lock(relation.location):
        storage.widen(relation.location, columns, arrow)
        context.catalog.change(relation.key, columns=columns)


def _alter_column(context: Context, relation: Relation, reader: Reader, sql: str) -> None:
    name = reader.identifier()
    column = next((c for c in relation.columns if c.name.lower() == name.lower()), None)
    if column is None:
        raise SqlError(f"[UNRESOLVED_COLUMN] {relation.full_name} has no column `{name}`.")
    nullability = reader.sees("SET", "NOT") or reader.sees("DROP", "NOT")
    if relation.is_refreshed and nullability:
        raise unsupported(sql)
    if reader.take("SET", "NOT", "NULL"):
        broken = parse(f"SELECT 1 FROM {_path(relation)} WHERE {quoted(name)} IS NULL LIMIT 1")
        if context.query(broken).rows():
            raise SqlError(
                f"[DELTA_NOT_NULL_CONSTRAINT_VIOLATED] Column {name} of {relation.full_name} "
                "holds a NULL: it cannot become NOT NULL."
            )
        _change_column(context, relation, name, nullable=False)
    elif reader.take("DROP", "NOT", "NULL"):
        _change_column(context, relation, name, nullable=True)
    elif reader.take("COMMENT"):
        _change_column(context, relation, name, comment=reader.string())
    elif reader.take("SET", "TAGS"):
        _change_column(context, relation, name, tags=column.tags | reader.pairs())
    elif reader.take("UNSET", "TAGS"):
        gone = set(reader.strings())
        kept = {key: value for key, value in column.tags.items() if key not in gone}
        _change_column(context, relation, name, tags=kept)
    else:
        raise unsupported(sql)


def _change_column(context: Context, relation: Relation, name: str, **fields: object) -> None:
    if not any(column.name.lower() == name.lower() for column in relation.columns):
        raise SqlError(f"[UNRESOLVED_COLUMN] {relation.full_name} has no column `{name}`.")
    columns = [
        replace(column, **fields) if column.name.lower() == name.lower() else column  # type: ignore[arg-type]
        for column in relation.columns
    ]
    if relation.is_view or "nullable" not in fields:
        context.catalog.change(relation.key, columns=columns)
    else:
        with context.storage.lock(relation.location):
            storage.change_schema(relation.location, columns, {})
            context.catalog.change(relation.key, columns=columns)


def _path(relation: Relation) -> str:
    return f"delta.{quoted(relation.location)}"
