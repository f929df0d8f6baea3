"""ALTER TABLE and VIEW, and COMMENT ON."""

import json
from dataclasses import replace

from sqlglot import exp

from medallion_local.databricks_sql import storage
from medallion_local.databricks_sql.catalog import (
    EXTERNAL,
    MANAGED,
    MATERIALIZED,
    STREAMING,
    VIEW,
    Column,
    Constraint,
    Policy,
    Relation,
)
from medallion_local.databricks_sql.catalog.delta_column_names import check_column_names
from medallion_local.databricks_sql.context import Context, done
from medallion_local.databricks_sql.definitions import definition
from medallion_local.databricks_sql.delta import evolve
from medallion_local.databricks_sql.delta.computed import check_definitions, require_defaults
from medallion_local.databricks_sql.delta_log.log import Operation
from medallion_local.databricks_sql.engine import Result
from medallion_local.databricks_sql.language.dialect import parse, quoted
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader
from medallion_local.databricks_sql.policies import qualified, with_policies
from medallion_local.databricks_sql.statements import tags
from medallion_local.databricks_sql.statements.tables import alter_view
from medallion_local.databricks_sql.streams.streaming_ddl import schedule_of
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
    elif relation.kind == VIEW and reader.take("AS"):
        alter_view(context, relation, reader.rest())
    elif reader.take("RENAME", "TO"):
        _rename(context, relation, reader.name())
    elif (tagged := tags.clause(reader)) is not None:
        tags.of_relation(context, relation, tagged)
    elif reader.take("SET", "TBLPROPERTIES"):
        _set_properties(context, relation, reader.pairs())
    elif reader.take("UNSET", "TBLPROPERTIES"):
        _unset_properties(context, relation, reader)
    elif reader.take("SET", "OWNER", "TO") or reader.take("OWNER", "TO"):
        context.catalog.change(relation.key, owner=reader.identifier())
    elif reader.take("SET", "ROW", "FILTER"):
        _set_row_filter(context, relation, reader.rest())
    elif reader.take("DROP", "ROW", "FILTER"):
        context.catalog.change(relation.key, row_filter=None)
    elif reader.take("CLUSTER", "BY"):
        _cluster(context, relation, reader)
    elif reader.take("ADD", "CONSTRAINT"):
        _add_constraint(context, relation, reader, sql)
    elif reader.sees("ADD", "PRIMARY") or reader.sees("ADD", "FOREIGN"):
        reader.expect("ADD")
        _add_constraint(context, relation, reader, sql, named=False)
    elif reader.take("DROP", "PRIMARY", "KEY"):
        _drop_keys(context, relation, reader, "PRIMARY KEY")
    elif reader.take("DROP", "FOREIGN", "KEY"):
        _drop_keys(context, relation, reader, "FOREIGN KEY")
    elif reader.take("DROP", "CONSTRAINT"):
        _drop_constraint(context, relation, reader)
    elif reader.take("ADD", "COLUMNS") or reader.take("ADD", "COLUMN"):
        _add_columns(context, relation, reader.rest())
    elif reader.take("RENAME", "COLUMN"):
        evolve.rename_column(context, relation, reader)
    elif reader.take("DROP", "COLUMNS") or reader.take("DROP", "COLUMN"):
        evolve.drop_columns(context, relation, reader)
    elif any(reader.take(verb, "COLUMN") or reader.take(verb) for verb in ("ALTER", "CHANGE")):
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


def _cluster(context: Context, relation: Relation, reader: Reader) -> None:
    """CLUSTER BY (columns) | AUTO | NONE."""
    auto = reader.take("AUTO")
    columns = [] if auto or reader.take("NONE") else reader.strings()
    if relation.partitioned_by and (auto or columns):
        raise SqlError(
            "[DELTA_ALTER_TABLE_CLUSTER_BY_ON_PARTITIONED_TABLE_NOT_ALLOWED] ALTER TABLE CLUSTER "
            f"BY cannot be applied to the partitioned table {relation.full_name}."
        )
    known = {column.name.lower(): column.name for column in relation.columns}
    for name in columns:
        if name.lower() not in known:
            raise SqlError(
                f"[DELTA_COLUMN_NOT_FOUND_IN_SCHEMA] Unable to find the column `{name}` in "
                f"{relation.full_name}: its columns are {', '.join(known.values())}."
            )
    old, new = (json.dumps(names) for names in (relation.clustered_by, columns))
    parameters = {"oldClusteringColumns": old, "newClusteringColumns": new}
    with context.storage.lock(relation.location):
        storage.record(relation.location, Operation("CLUSTER BY", parameters))
        context.catalog.change(relation.key, clustered_by=columns, cluster_auto=auto)


def _set_row_filter(context: Context, relation: Relation, clause: str) -> None:
    """SET ROW FILTER function ON (columns)."""
    made = parse(f"CREATE TABLE t (x INT) WITH ROW FILTER {clause}")
    assert isinstance(made, exp.Create)
    changed = replace(relation, row_filter=definition(made, clause, context.session).row_filter)
    context.catalog.put(with_policies(context.session, changed, None))


def _mask(context: Context, clause: str) -> Policy:
    """MASK function [USING COLUMNS (arguments)]."""
    made = parse(f"CREATE TABLE t (x STRING {clause})")
    assert isinstance(made, exp.Create)
    mask = definition(made, clause, context.session).columns[0].mask
    assert mask is not None
    return qualified(context.session, mask)


def _set_properties(context: Context, relation: Relation, properties: dict[str, str]) -> None:
    wanted = storage.delta_properties(properties)
    if relation.kind in (MANAGED, EXTERNAL):
        operation = Operation("SET TBLPROPERTIES", {"properties": json.dumps(properties)})
        with context.storage.lock(relation.location):
            if not storage.set_properties(relation.location, properties):
                storage.record(relation.location, operation)
    elif wanted and not relation.is_view:
        with context.storage.lock(relation.location):
            storage.set_properties(relation.location, wanted)
    context.catalog.change(relation.key, properties=relation.properties | properties)


def _unset_properties(context: Context, relation: Relation, reader: Reader) -> None:
    optional = reader.take("IF", "EXISTS")
    names = reader.pairs()
    for name in names:
        if name not in relation.properties and not optional:
            raise SqlError(
                f"[UNSET_NONEXISTENT_PROPERTIES] {relation.full_name} has no property {name}: use "
                "UNSET TBLPROPERTIES IF EXISTS."
            )
    kept = {key: value for key, value in relation.properties.items() if key not in names}
    if not relation.is_view:
        with context.storage.lock(relation.location):
            storage.unset_properties(relation.location, set(names))
    context.catalog.change(relation.key, properties=kept)


def _add_constraint(
    context: Context, relation: Relation, reader: Reader, sql: str, named: bool = True
) -> None:
    name = reader.identifier() if named else ""
    clause = reader.rest()
    prefix = f"CONSTRAINT {quoted(name)} " if named else ""
    made = parse(f"CREATE TABLE t ({prefix}{clause})")
    assert isinstance(made, exp.Create)
    added = definition(made, sql, context.session).constraints
    for constraint in added:
        if constraint.kind == "CHECK":
            _check_rows(context, relation, constraint.expression)
        elif constraint.kind == "PRIMARY KEY":
            known = {c.name.lower() for c in relation.columns}
            for column in constraint.columns:
                if column.lower() not in known:
                    raise SqlError(
                        f"[UNRESOLVED_COLUMN] {relation.full_name} has no column `{column}`."
                    )
    if any(constraint.kind == "CHECK" for constraint in added):
        parameters = {"name": name, "expr": added[0].expression}
        with context.storage.lock(relation.location):
            storage.record(relation.location, Operation("ADD CONSTRAINT", parameters))
    names = {constraint.name for constraint in added}
    kept = [constraint for constraint in relation.constraints if constraint.name not in names]
    context.catalog.change(relation.key, constraints=kept + added)


def _count(context: Context, relation: Relation, condition: str) -> int:
    counted = parse(f"SELECT count(*) AS n FROM {_path(relation)} WHERE {condition}")
    return context.query(counted).rows()[0]["n"]


def _check_rows(context: Context, relation: Relation, condition: str) -> None:
    broken = _count(context, relation, f"NOT ({condition})")
    if broken:
        raise SqlError(
            f"[DELTA_NEW_CHECK_CONSTRAINT_VIOLATION] {broken} rows in {relation.full_name} violate "
            f"the new CHECK constraint ({condition})."
        )


def _drop_keys(context: Context, relation: Relation, reader: Reader, kind: str) -> None:
    """DROP PRIMARY KEY [IF EXISTS], DROP FOREIGN KEY [IF EXISTS] (columns)."""
    optional = reader.take("IF", "EXISTS")
    wanted = [name.lower() for name in reader.strings()] if reader.sees("(") else None
    if not reader.take("CASCADE"):
        reader.take("RESTRICT")

    def drops(constraint: Constraint) -> bool:
        columns = [name.lower() for name in constraint.columns]
        return constraint.kind == kind and wanted in (None, columns)

    kept = [constraint for constraint in relation.constraints if not drops(constraint)]
    if len(kept) == len(relation.constraints) and not optional:
        raise SqlError(f"[CONSTRAINT_DOES_NOT_EXIST] {relation.full_name} has no {kind.lower()}.")
    context.catalog.change(relation.key, constraints=kept)


def _drop_constraint(context: Context, relation: Relation, reader: Reader) -> None:
    optional = reader.take("IF", "EXISTS")
    name = reader.identifier()
    if not reader.take("CASCADE"):
        reader.take("RESTRICT")
    kept = [c for c in relation.constraints if c.name.lower() != name.lower()]
    if len(kept) == len(relation.constraints) and not optional:
        raise SqlError(f"[CONSTRAINT_DOES_NOT_EXIST] {relation.full_name} has no {name}.")
    context.catalog.change(relation.key, constraints=kept)


def _add_columns(context: Context, relation: Relation, clause: str) -> None:
    text = clause if clause.startswith("(") else f"({clause})"
    made = parse(f"CREATE TABLE t {text}")
    assert isinstance(made, exp.Create)
    added = definition(made, clause, context.session).columns
    known = {column.name.lower() for column in relation.columns}
    for column in added:
        if column.name.lower() in known:
            raise SqlError(
                f"[FIELD_ALREADY_EXISTS] {relation.full_name} already has `{column.name}`."
            )
    if any(column.default for column in added):
        raise SqlError(
            "[WRONG_COLUMN_DEFAULTS_FOR_DELTA_ALTER_TABLE_ADD_COLUMN_NOT_SUPPORTED] Failed to "
            "execute the command because DEFAULT values are not supported when adding new columns "
            "to previously existing Delta tables; please add the column without a default value "
            "first, then run a second ALTER TABLE ALTER COLUMN SET DEFAULT command to apply for "
            "future inserted rows instead."
        )
    if any(column.identity or column.generated for column in added):
        raise unsupported(f"ALTER TABLE … ADD COLUMNS {clause}: a computed column")
    arrow = context.resolver().arrow_schema([(c.name, c.type) for c in added])
    check_column_names(arrow, relation.properties)
    added = [
        replace(
            column,
            type=type_name(field.type),
            nullable=True,
            mask=qualified(context.session, column.mask) if column.mask else None,
        )
        for column, field in zip(added, arrow, strict=True)
    ]
    columns = _placed(relation, added, made)
    with context.storage.lock(relation.location):
        storage.widen(relation.location, columns, arrow)
        context.catalog.change(relation.key, columns=columns)


def _placed(relation: Relation, added: list[Column], made: exp.Create) -> list[Column]:
    """The table's columns with the new ones: at the end, or where FIRST and AFTER put them."""
    columns = list(relation.columns)
    for column, item in zip(added, made.this.expressions, strict=True):
        position = item.args.get("position")
        place = len(columns)
        if position is not None and position.this is None:
            place = 0
        elif position is not None:
            names = [each.name.lower() for each in columns]
            other = position.this.name.lower()
            if other not in names:
                evolve.require_column(relation, other)
            place = names.index(other) + 1
        columns.insert(place, column)
    return columns


def _alter_column(context: Context, relation: Relation, reader: Reader, sql: str) -> None:
    name = reader.identifier()
    column = evolve.require_column(relation, name)
    nullability = reader.sees("SET", "NOT") or reader.sees("DROP", "NOT")
    if relation.is_refreshed and nullability:
        raise unsupported(sql)
    if reader.take("SET", "NOT", "NULL"):
        broken = _count(context, relation, f"{quoted(name)} IS NULL")
        if broken:
            raise SqlError(
                f"[DELTA_NEW_NOT_NULL_VIOLATION] {broken} rows in {relation.full_name} violate the "
                f"new NOT NULL constraint on {name}."
            )
        _change_column(context, relation, name, nullable=False)
    elif reader.take("DROP", "NOT", "NULL"):
        _change_column(context, relation, name, nullable=True)
    elif reader.take("TYPE"):
        evolve.change_type(context, relation, name, reader.rest())
    elif reader.sees("FIRST") or reader.sees("AFTER"):
        evolve.move(context, relation, name, reader)
    elif reader.sees("SET", "MASK"):
        reader.expect("SET")
        _change_column(context, relation, name, mask=_mask(context, reader.rest()))
    elif reader.take("DROP", "MASK"):
        _change_column(context, relation, name, mask=None)
    elif reader.take("SYNC", "IDENTITY"):
        _sync_identity(context, relation, column)
    elif reader.take("SET", "DEFAULT"):
        changed = replace(column, default=reader.rest())
        require_defaults(relation.properties, [changed], "ALTER TABLE")
        check_definitions(context, [changed])
        _change_column(context, relation, name, default=changed.default)
    elif reader.take("DROP", "DEFAULT"):
        _change_column(context, relation, name, default=None)
    elif reader.take("COMMENT"):
        _change_column(context, relation, name, comment=reader.string())
    elif (tagged := tags.clause(reader)) is not None:
        tags.of_column(context, relation, name, tagged)
    else:
        raise unsupported(sql)


def _sync_identity(context: Context, relation: Relation, column: Column) -> None:
    """Continue an identity column after the largest value that the table has."""
    identity = column.identity
    if identity is None:
        raise SqlError(
            "[DELTA_IDENTITY_COLUMNS_ALTER_NON_IDENTITY_COLUMN] ALTER TABLE ALTER COLUMN SYNC "
            f"IDENTITY cannot be applied to {column.name}, which is not an IDENTITY column."
        )
    up = identity["step"] > 0
    largest = parse(
        f"SELECT {'max' if up else 'min'}({quoted(column.name)}) AS n FROM {_path(relation)}"
    )
    found = context.query(largest).rows()[0]["n"]
    if found is None:
        return
    steps = max(0, (found - identity["start"]) // identity["step"] + 1)
    number = identity["start"] + steps * identity["step"]
    following = max(number, identity["next"]) if up else min(number, identity["next"])
    _change_column(context, relation, column.name, identity={**identity, "next": following})


def _change_column(context: Context, relation: Relation, name: str, **fields: object) -> None:
    evolve.require_column(relation, name)
    columns = [
        replace(column, **fields) if column.name.lower() == name.lower() else column  # type: ignore[arg-type]
        for column in relation.columns
    ]
    if relation.is_view or "nullable" not in fields:
        if relation.kind in (MANAGED, EXTERNAL) and "mask" not in fields:
            with context.storage.lock(relation.location):
                storage.record(relation.location, Operation("CHANGE COLUMN"))
        context.catalog.change(relation.key, columns=columns)
    else:
        with context.storage.lock(relation.location):
            storage.change_schema(relation.location, columns, {})
            context.catalog.change(relation.key, columns=columns)


def _path(relation: Relation) -> str:
    return f"delta.{quoted(relation.location)}"
