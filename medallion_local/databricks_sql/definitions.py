"""The clauses of CREATE statements, read from the tree."""

from dataclasses import dataclass, field
from typing import Any

from sqlglot import exp

from medallion_local.databricks_sql.catalog import (
    ICEBERG,
    Column,
    Constraint,
    Key,
    Policy,
    Relation,
)
from medallion_local.databricks_sql.catalog.formats import FORMATS
from medallion_local.databricks_sql.language.dialect import RowFilterProperty, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.policies import policy_of, with_policies
from medallion_local.databricks_sql.session import Session

_WITHOUT_EFFECT = (
    exp.FileFormatProperty,
    exp.LikeProperty,
    exp.TemporaryProperty,
    exp.StreamingTableProperty,
)


@dataclass
class Definition:
    """The parts of a CREATE statement other than its query."""

    columns: list[Column] = field(default_factory=list)
    constraints: list[Constraint] = field(default_factory=list)
    comment: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    partitioned_by: list[str] = field(default_factory=list)
    clustered_by: list[str] = field(default_factory=list)
    cluster_auto: bool = False
    url: str = ""
    provider: str = "delta"
    row_filter: Policy | None = None


def target(create: exp.Create) -> tuple[str, ...]:
    """The name of the object that a CREATE creates."""
    table = create.this.this if isinstance(create.this, exp.Schema) else create.this
    return tuple(part.name for part in table.parts)


def definition(create: exp.Create, sql: str, session: Session) -> Definition:
    """The columns, constraints and clauses of a CREATE TABLE or VIEW."""
    found = Definition()
    if isinstance(create.this, exp.Schema):
        for item in create.this.expressions:
            _column_or_constraint(item, found, sql, session)
    properties = create.args.get("properties")
    for item in properties.expressions if properties else []:
        _property(item, found, sql)
    if found.provider == ICEBERG and found.partitioned_by:
        found.clustered_by, found.partitioned_by = found.partitioned_by, []
    return found


def relation_of(
    session: Session,
    key: Key,
    kind: str,
    clauses: Definition,
    before: Relation | None,
    query: str = "",
    **own: Any,
) -> Relation:
    """The relation that the clauses define, in place of `before`.

    It keeps the tags of `before`, and those policies that the clauses do not name.

    A `query` is stored with the namespace in which its names are resolved. `own` are the fields
    that the kind of relation adds, or defines in another way.
    """
    fields: dict[str, Any] = {
        "columns": clauses.columns,
        "comment": clauses.comment,
        "properties": clauses.properties,
        "tags": before.tags if before else {},
        "constraints": clauses.constraints,
        "partitioned_by": clauses.partitioned_by,
        "clustered_by": clauses.clustered_by,
        "cluster_auto": clauses.cluster_auto,
        "provider": clauses.provider,
        "row_filter": clauses.row_filter,
    }
    if query:
        namespace = {"query_schema": session.schema, "query_catalog": session.catalog}
        fields |= namespace | {"query": query}
    return with_policies(
        session,
        Relation(schema=key.schema, name=key.name, catalog=key.catalog, kind=kind, **fields | own),
        before,
    )


def keeps(before: Relation | None, kind: str, create: exp.Create, replaces: bool) -> bool:
    """Whether IF NOT EXISTS keeps the relation of that name. Raises if it cannot be replaced."""
    if before is None:
        return False
    if before.kind == kind and create.args.get("exists"):
        return True
    if before.kind != kind or not replaces:
        raise SqlError(f"[TABLE_OR_VIEW_ALREADY_EXISTS] {before.full_name} already exists.")
    return False


def keeps_view(before: Relation | None, create: exp.Create) -> bool:
    """The same for a view, which replaces a view of any kind, and no table."""
    if before is None:
        return False
    if create.args.get("exists"):
        return True
    if not create.args.get("replace"):
        raise SqlError(f"[TABLE_OR_VIEW_ALREADY_EXISTS] {before.full_name} already exists.")
    if not before.is_view:
        raise SqlError(f"[EXPECT_VIEW_NOT_TABLE] {before.full_name} is a table: drop it first.")
    return False


def _column_or_constraint(
    item: exp.Expression, found: Definition, sql: str, session: Session
) -> None:
    if isinstance(item, exp.Identifier):
        found.columns.append(Column(item.name, ""))
    elif isinstance(item, exp.ColumnDef):
        kind = item.args.get("kind")
        nullable, comment = True, None
        computed: dict = {}
        for clause in item.args.get("constraints") or []:
            if isinstance(clause.kind, exp.NotNullColumnConstraint):
                nullable = bool(clause.kind.args.get("allow_null"))
            elif isinstance(clause.kind, exp.CommentColumnConstraint):
                comment = clause.kind.this.name
            elif isinstance(clause.kind, exp.PrimaryKeyColumnConstraint):
                name = clause.name or f"pk_{item.name}"
                found.constraints.append(Constraint(name, "PRIMARY KEY", [item.name]))
            elif isinstance(clause.kind, exp.Reference):
                keyed = exp.ForeignKey(
                    expressions=[exp.to_identifier(item.name)], reference=clause.kind
                )
                found.constraints.append(constraint_of(clause.name, keyed, sql, session))
            elif isinstance(clause.kind, exp.DefaultColumnConstraint):
                computed["default"] = render(clause.kind.this)
            elif isinstance(clause.kind, exp.ComputedColumnConstraint):
                computed["generated"] = render(clause.kind.this)
            elif isinstance(clause.kind, exp.GeneratedAsIdentityColumnConstraint):
                computed["identity"] = _identity(clause.kind)
            elif isinstance(clause.kind, exp.MaskingPolicyColumnConstraint):
                computed["mask"] = policy_of(clause.kind)
            else:
                raise unsupported(sql)
        type_name = render(kind).lower().replace(", ", ",") if kind else ""
        if computed.get("identity") and type_name != "bigint":
            raise SqlError(
                "[DELTA_IDENTITY_COLUMNS_UNSUPPORTED_DATA_TYPE] DataType "
                f"{type_name} is not supported for IDENTITY columns: use BIGINT."
            )
        found.columns.append(Column(item.name, type_name, nullable, comment, **computed))
    elif isinstance(item, exp.Constraint):
        for clause in item.expressions:
            found.constraints.append(constraint_of(item.name, clause, sql, session))
    elif isinstance(item, (exp.PrimaryKey, exp.ForeignKey, exp.CheckColumnConstraint)):
        found.constraints.append(constraint_of("", item, sql, session))
    else:
        raise unsupported(sql)


def _identity(clause: exp.GeneratedAsIdentityColumnConstraint) -> dict:
    """The first value and the step of an identity column."""
    start, step = (
        int(render(clause.args[name])) if clause.args.get(name) is not None else 1
        for name in ("start", "increment")
    )
    if step == 0:
        raise SqlError("[DELTA_IDENTITY_COLUMNS_ILLEGAL_STEP] IDENTITY column step cannot be 0.")
    return {"always": bool(clause.this), "start": start, "step": step, "next": start}


def constraint_of(name: str, clause: exp.Expression, sql: str, session: Session) -> Constraint:
    """The constraint that a named clause defines. The session resolves the parent's name."""
    if isinstance(clause, exp.PrimaryKey):
        columns = [_name(column) for column in clause.expressions]
        return Constraint(name or f"pk_{'_'.join(columns)}", "PRIMARY KEY", columns)
    if isinstance(clause, exp.ForeignKey):
        columns = [_name(column) for column in clause.expressions]
        reference = clause.args["reference"].this
        table = reference.this if isinstance(reference, exp.Schema) else reference
        named = reference.expressions if isinstance(reference, exp.Schema) else []
        parent = session.key(tuple(part.name for part in table.parts))
        return Constraint(
            name or f"fk_{'_'.join(columns)}",
            "FOREIGN KEY",
            columns,
            references=(parent.schema, parent.name, [_name(column) for column in named]),
            catalog=parent.catalog,
        )
    if isinstance(clause, exp.CheckColumnConstraint):
        text = render(clause.this)
        return Constraint(name or "check", "CHECK", expression=text)
    raise unsupported(sql)


def _name(column: exp.Expression) -> str:
    inner = column.this if isinstance(column, exp.Ordered) else column
    return inner.name


def _property(item: exp.Expression, found: Definition, sql: str) -> None:
    if isinstance(item, _WITHOUT_EFFECT):
        if isinstance(item, exp.FileFormatProperty):
            found.provider = item.name.lower()
            if found.provider not in FORMATS:
                raise unsupported(sql)
    elif isinstance(item, exp.SchemaCommentProperty):
        found.comment = item.this.name
    elif isinstance(item, exp.PartitionedByProperty):
        found.partitioned_by = [_name(column) for column in item.this.expressions]
    elif isinstance(item, exp.ClusterProperty):
        found.clustered_by = [column.name for column in item.expressions]
        found.cluster_auto = not item.expressions
    elif isinstance(item, RowFilterProperty):
        found.row_filter = policy_of(item)
    elif isinstance(item, exp.LocationProperty):
        _locate(found, item.this.name)
    elif isinstance(item, exp.OptionsProperty):
        _options(item, found)
    elif type(item) is exp.Property:
        key = item.this if isinstance(item.this, str) else item.this.name
        found.properties[key] = item.args["value"].name or render(item.args["value"])
    else:
        raise unsupported(sql)


def _options(clause: exp.OptionsProperty, found: Definition) -> None:
    """OPTIONS of a table: `path` is its location. Others are about files; all tables are Delta."""
    for option in clause.expressions:
        if option.name.lower() != "path":
            raise unsupported(f"the option {option.name} of a table")
        _locate(found, option.args["value"].name)


def _locate(found: Definition, url: str) -> None:
    if found.url:
        raise unsupported("a table with two locations")
    found.url = url
