"""The origin of each column's values: the direct columns, and the columns at the sources.

Joins, filters and groups only decide which rows exist, so they are not followed. Scalar subqueries
and windows are followed when a value is made with them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.scope import Scope

from medallion.site.project import Project, Relation
from medallion.site.queries import DIALECT, SNAPSHOT, Query

Place = tuple[str, str, str]  # catalog, schema, table
METADATA = "_metadata"  # of read_files: the metadata of the file itself


@dataclass(frozen=True, order=True)
class ColumnId:
    """A column of a relation."""

    relation: str
    column: str


@dataclass
class Origin:
    """The origin of a column: other columns, and expressions of the query (`count(*)`, a constant,
    the time). `untraced` lists every part that was not understood, so no gap is hidden.
    """

    columns: set[ColumnId] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    untraced: set[str] = field(default_factory=set)


Lineage = dict[ColumnId, Origin]


def read_lineage(
    project: Project, queries: Mapping[str, Query], only: Iterable[Relation] | None = None
) -> Lineage:
    """The direct origin of every column, or of some relations' columns; a source's is empty."""
    places = {
        _lower(one.place): one.unique_id
        for one in project.relations.values()
        if not one.is_disabled
    }
    return {
        ColumnId(relation.unique_id, column): _origin(project, relation, column, queries, places)
        for relation in (project.relations.values() if only is None else only)
        for column in queries[relation.unique_id].types
    }


def ends(found: Lineage, column: ColumnId) -> set[ColumnId]:
    """The source and seed columns that a column's values finally come from."""
    reached, open_ = set(), [column]
    seen: set[ColumnId] = set()
    while open_:
        one = open_.pop()
        if one in seen:
            continue
        seen.add(one)
        if one.relation.startswith(("source.", "seed.")):
            reached.add(one)
        elif one in found:
            open_ += found[one].columns
    return reached


def _origin(
    project: Project,
    relation: Relation,
    column: str,
    queries: Mapping[str, Query],
    places: Mapping[Place, str],
) -> Origin:
    if relation.kind in ("source", "seed"):
        return Origin()
    query = queries[relation.unique_id]
    if relation.kind == "snapshot" and column in SNAPSHOT:
        return _snapshot(project, relation, column)
    if query.tree is None or query.scope is None:
        return _passed_on(project, relation, column, queries)
    origin = Origin()
    for leaf in _leaves(column, query.tree, query.scope):
        _add(origin, leaf, queries, places)
    return origin


def _leaves(column: str, tree: exp.Query, scope: Scope) -> Iterator[Node]:
    traced = lineage(column, tree, {}, scope=scope, dialect=DIALECT, trim_selects=False)
    yield from (node for node in traced.walk() if not node.downstream)


def _snapshot(project: Project, relation: Relation, column: str) -> Origin:
    """dbt hashes the key and the time for `dbt_scd_id`; the other columns are that time."""
    config, (read,) = relation.node["config"], project.reads(relation)
    named = [config["updated_at"]] if config.get("updated_at") else []
    if column == "dbt_scd_id":
        key = config["unique_key"]
        named += [key] if isinstance(key, str) else key
    return Origin({ColumnId(read.unique_id, one) for one in named}, {"dbt's snapshot"})


def _passed_on(
    project: Project, relation: Relation, column: str, queries: Mapping[str, Query]
) -> Origin:
    """Another target's model: Synapse's tables copy columns by name and record the export."""
    for read in project.reads(relation):
        if column in queries[read.unique_id].types and not column.startswith("_"):
            return Origin({ColumnId(read.unique_id, column)})
    return Origin(made={"the export to the pool"})


def _add(
    origin: Origin,
    leaf: Node,
    queries: Mapping[str, Query],
    places: Mapping[Place, str],
) -> None:
    if isinstance(leaf.source, exp.Table):
        column = leaf.name.rpartition(".")[2].strip('"`')
        unique_id = places.get(_place(leaf.source))
        if unique_id is None:
            origin.untraced.add(f"{leaf.source.sql(DIALECT)}: not a relation of the project")
        elif column in queries[unique_id].types:
            origin.columns.add(ColumnId(unique_id, column))
        else:
            origin.untraced.add(f"{column}: not a column of {leaf.source.name}")
        return
    made = leaf.expression
    inner = made.this if isinstance(made, exp.Alias) else made
    if isinstance(inner, exp.Placeholder):  # sqlglot marks a table that it did not find
        if METADATA in leaf.name:
            origin.made.add("the landed file's metadata from read_files")
        else:
            origin.untraced.add(leaf.name)
    elif (stars := _stars(inner)) and isinstance(leaf.source, exp.Query):
        for table in _tables(leaf.source):
            unique_id = places.get(_place(table))
            if unique_id is None:
                origin.untraced.add(f"{stars} of {table.name}")
            else:
                names = queries[unique_id].types
                origin.columns |= {ColumnId(unique_id, one) for one in names}
    elif isinstance(inner, exp.Expression) and not list(inner.find_all(exp.Column)):
        origin.made.add(_short(inner))
    else:
        origin.untraced.add(_short(inner))


def _place(table: exp.Table) -> Place:
    return _lower((table.catalog, table.db, table.name))


def _lower(place: Place) -> Place:
    """Databricks compares names case-insensitively."""
    catalog, schema, table = (one.lower() for one in place)
    return catalog, schema, table


def _stars(made: exp.Expression) -> str:
    """The expression if it takes whole rows (`struct(*)`), else empty; `count(*)` does not."""
    for star in made.find_all(exp.Star):
        if not isinstance(star.parent, exp.Count):
            return _short(made)
    return ""


def _tables(select: exp.Query) -> Iterator[exp.Table]:
    """The stored tables in a query's own FROM, resolved through common table expressions."""
    from_ = select.args.get("from_")
    if from_ is None:
        return
    named = {one.alias: one.this for one in select.root().find_all(exp.CTE)}
    for table in from_.find_all(exp.Table):
        if not table.db and table.name in named:
            yield from _tables(named[table.name])
        else:
            yield table


def _short(made: exp.Expression) -> str:
    text = made.sql(DIALECT, comments=False)
    return text if len(text) <= 60 else text[:57] + "…"
