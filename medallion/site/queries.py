"""The query of each relation: its compiled SQL as a tree, with every column's table resolved."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlglot import exp, parse_one
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, build_scope

from medallion.errors import MedallionError
from medallion.serving.contract import POOLED, Table, served_tables
from medallion.site.metric_view import as_query
from medallion.site.project import Project, Relation

DIALECT = "databricks"
# The columns that a snapshot adds to those of its relation.
SNAPSHOT = {
    "dbt_scd_id": "string",
    "dbt_updated_at": "timestamp",
    "dbt_valid_from": "timestamp",
    "dbt_valid_to": "timestamp",
}
# The pool's tables that read a slice of an export have the columns that `staged` adds.
SLICED = {"_slice": "int", "_export_id": "bigint"}
PREFIXES = {"serving__": "serverless", "pool__": "dedicated"}

CONTROL = "_"  # the first letter of a column that says how its row was loaded

Schema = dict[str, dict[str, dict[str, dict[str, str]]]]


@dataclass(frozen=True)
class Query:
    """A relation's columns in order, with their types (empty: not known), and their origin.

    `tree` and `scope` are `None` for relations that this target does not build. They pass on the
    columns of their single upstream relation, by name.
    """

    types: dict[str, str]
    tree: exp.Query | None = None
    scope: Scope | None = None


def read_queries(project: Project) -> dict[str, Query]:
    """The query of each relation, by unique id.

    Raises `MedallionError` for a model without compiled SQL, or with SQL that is not understood.
    """
    found: dict[str, Query] = {}
    served = {one.name: one for one in served_tables(where=POOLED)}
    schema: Schema = {}
    for relation in _upstream_first(project):
        query = _query(project, relation, found, schema, served)
        found[relation.unique_id] = query
        if not relation.is_disabled:
            catalog, name, table = relation.place
            typed = {one: kind or "string" for one, kind in query.types.items()}
            schema.setdefault(catalog, {}).setdefault(name, {})[table] = typed
    return found


def is_control(column: str) -> bool:
    """Whether a column only says how its row was loaded, like `_run_id`."""
    return column.startswith(CONTROL) or column in SNAPSHOT


def _upstream_first(project: Project) -> Iterator[Relation]:
    done: set[str] = set()

    def visit(one: Relation) -> Iterator[Relation]:
        if one.unique_id not in done:
            done.add(one.unique_id)
            for upstream in project.reads(one):
                yield from visit(upstream)
            yield one

    for relation in project.relations.values():
        yield from visit(relation)


def _query(
    project: Project,
    relation: Relation,
    found: dict[str, Query],
    schema: Schema,
    served: dict[str, Table],
) -> Query:
    listed = {name: str(one["data_type"] or "") for name, one in relation.columns.items()}
    if relation.kind in ("source", "seed"):  # the YAML defines how they are read
        return Query(listed)
    if relation.is_disabled:
        return Query(_served_types(relation, served, listed))
    tree = _parsed(project, relation, schema)
    types = {one.alias_or_name: _type(one) for one in tree.selects}
    if relation.kind == "snapshot":
        types |= SNAPSHOT
    for name in types:
        types[name] = listed.get(name) or project.catalog_type(relation, name) or types[name]
    return Query(types, tree, build_scope(tree))


def _served_types(
    relation: Relation, served: dict[str, Table], listed: dict[str, str]
) -> dict[str, str]:
    """The columns that `served` and `staged` derive from a contract; otherwise the YAML's."""
    name = relation.node["name"]
    prefix = next((one for one in PREFIXES if name.startswith(one)), None)
    table = served.get(name.removeprefix(prefix)) if prefix else None
    if table is None:
        return listed
    columns = [one for one in table.columns if one.served]
    if prefix == "pool__":
        columns = [one for one in columns if not one.personal]
    types = {one.name: one.kind for one in columns}
    return types | (SLICED if relation.node["config"].get("unique_key") == "_slice" else {})


def _parsed(project: Project, relation: Relation, schema: Schema) -> exp.Query:
    compiled = relation.node.get("compiled_code")
    if not compiled:
        raise MedallionError(
            f"The manifest has no compiled SQL of {relation.name}: run `medallion up` and "
            "`dbt compile`; `dbt parse` is not enough."
        )
    if relation.node["config"].get("materialized") == "metric_view":
        compiled = as_query(compiled)
    try:
        tree = parse_one(compiled, dialect=DIALECT)
        if not isinstance(tree, exp.Query):
            raise MedallionError(f"{relation.name} does not compile to a query.")
        _read_source_by_name(project, relation, tree)
        qualified = qualify(
            tree, schema=schema, dialect=DIALECT, validate_qualify_columns=False, identify=False
        )
        return annotate_types(qualified, schema=schema, dialect=DIALECT)
    except SqlglotError as error:
        reason = str(error).splitlines()[0]
        raise MedallionError(f"{relation.name}'s SQL is not understood: {reason}") from error


def _read_source_by_name(project: Project, relation: Relation, tree: exp.Query) -> None:
    """Replace `stream read_files(…)`, which names a folder, by the source that lands there."""
    for stream in list(tree.find_all(exp.Stream)):
        (source,) = (one for one in project.reads(relation) if one.kind == "source")
        catalog, schema, table = source.place
        stream.replace(exp.table_(table, db=schema, catalog=catalog, quoted=True))


def _type(column: exp.Expression) -> str:
    kind = column.type
    if kind is None or kind.is_type(exp.DataType.Type.UNKNOWN, exp.DataType.Type.NULL):
        return ""
    return kind.sql(dialect=DIALECT).lower()
