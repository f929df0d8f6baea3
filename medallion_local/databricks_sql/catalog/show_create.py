"""SHOW CREATE TABLE: a statement that creates a relation again.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-aux-show-create-table.html
"""

from medallion_local.databricks_sql.catalog import (
    MATERIALIZED,
    METRIC,
    STREAMING,
    Column,
    Constraint,
    Policy,
    Relation,
)
from medallion_local.databricks_sql.language.dialect import literal, quoted

_KINDS = {MATERIALIZED: "MATERIALIZED VIEW", STREAMING: "STREAMING TABLE"}


def create_statement(relation: Relation) -> str:
    """The CREATE statement of a table, a view or a refreshed table."""
    lines = [f"CREATE {_kind(relation)} {_dotted(relation)} {_columns(relation)}".rstrip()]
    if not relation.query:
        lines.append(f"USING {relation.provider}")
    if relation.comment:
        lines.append(f"COMMENT {literal(relation.comment)}")
    if relation.partitioned_by:
        lines.append(f"PARTITIONED BY ({', '.join(relation.partitioned_by)})")
    if relation.clustered_by:
        lines.append(f"CLUSTER BY ({', '.join(relation.clustered_by)})")
    elif relation.cluster_auto:
        lines.append("CLUSTER BY AUTO")
    if relation.external_url:
        lines.append(f"LOCATION {literal(relation.external_url)}")
    if relation.properties:
        pairs = [f"  {literal(k)} = {literal(v)}" for k, v in sorted(relation.properties.items())]
        lines.append("TBLPROPERTIES (\n" + ",\n".join(pairs) + ")")
    if relation.row_filter is not None:
        lines.append(f"WITH ROW FILTER {_policy(relation.row_filter, ' ON')}")
    if relation.is_refreshed and relation.schedule != "MANUAL":
        trigger = relation.schedule.startswith("TRIGGER")
        lines.append(relation.schedule if trigger else f"SCHEDULE {relation.schedule}")
    if relation.query:
        metrics = relation.kind == METRIC
        text = f"$$\n{relation.query}\n$$" if metrics else relation.query
        lines.append(f"WITH METRICS\nLANGUAGE YAML\nAS {text}" if metrics else f"AS {text}")
    return "\n".join(lines) + "\n"


def _kind(relation: Relation) -> str:
    return "VIEW" if relation.is_view else _KINDS.get(relation.kind, "TABLE")


def _dotted(relation: Relation) -> str:
    return ".".join(_name(part) for part in (relation.catalog, relation.schema, relation.name))


def _name(name: str) -> str:
    return name if name.isidentifier() and name.isascii() else quoted(name)


def _columns(relation: Relation) -> str:
    items = [_column(column, typed=not relation.is_view) for column in relation.columns]
    items += [_constraint(constraint, relation.catalog) for constraint in relation.constraints]
    return "(\n  " + ",\n  ".join(items) + ")" if items else ""


def _column(column: Column, typed: bool) -> str:
    text = _name(column.name)
    if typed:
        text += f" {column.type.upper()}" + ("" if column.nullable else " NOT NULL")
        text += _computed(column)
    if column.comment:
        text += f" COMMENT {literal(column.comment)}"
    if column.mask is not None:
        text += f" MASK {_policy(column.mask, ' USING COLUMNS')}"
    return text


def _policy(policy: Policy, word: str) -> str:
    """The function of a policy, and its arguments after `word`."""
    others = f"{word} ({', '.join(policy.arguments)})" if policy.arguments else ""
    return f"{policy.function}{others}"


def _computed(column: Column) -> str:
    """The clause of a column that gets a value by itself."""
    if column.default is not None:
        return f" DEFAULT {column.default}"
    if column.generated is not None:
        return f" GENERATED ALWAYS AS ({column.generated})"
    if column.identity is not None:
        made = "ALWAYS" if column.identity["always"] else "BY DEFAULT"
        start, step = column.identity["start"], column.identity["step"]
        return f" GENERATED {made} AS IDENTITY (START WITH {start} INCREMENT BY {step})"
    return ""


def _constraint(constraint: Constraint, catalog: str) -> str:
    text = f"CONSTRAINT {quoted(constraint.name)} {constraint.kind} "
    if constraint.kind == "CHECK":
        return f"{text}({constraint.expression})"
    text += f"({', '.join(quoted(column) for column in constraint.columns)})"
    if constraint.references is not None:
        schema, table, columns = constraint.references
        named = f" ({', '.join(quoted(column) for column in columns)})" if columns else ""
        parent = ".".join(quoted(part) for part in (constraint.catalog or catalog, schema, table))
        text += f" REFERENCES {parent}{named}"
    return text
