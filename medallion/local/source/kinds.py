"""What a T-SQL expression is made of, where that decides its meaning: nvarchar, varchar or binary.

DuckDB has one type of text, so HASHBYTES would not know whose bytes to hash; SUBSTRING and CAST of
binary have no counterpart. The kind of an argument is found here, from the tree and the catalogue.
"""

from collections.abc import Iterator
from enum import Enum

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion.local.source import catalog, changelog, types


class Kind(Enum):
    """The kinds that matter; OTHER has neither characters nor bytes of its own."""

    NATIONAL = "nvarchar"
    TEXT = "varchar"
    BINARY = "binary"
    OTHER = "other"
    UNKNOWN = "unknown"


# The nodes whose meaning depends on their argument's kind, which they carry in `meta["kind"]`.
MARKED = (exp.SHA, exp.SHA2, exp.MD5, exp.Substring, exp.Cast, exp.Convert, exp.Add)
# Functions of text that are nvarchar when one of their arguments is.
_JOINING = (exp.Concat, exp.ConcatWs, exp.DPipe, exp.Coalesce, exp.GroupConcat, exp.Replace)
_KEEPING = (
    *(exp.Paren, exp.Alias, exp.Order, exp.Max, exp.Min, exp.Upper, exp.Lower, exp.Trim),
    *(exp.Left, exp.Right, exp.Substring),
)
_CONTROL = {"__$start_lsn", "__$end_lsn", "__$seqval", "__$update_mask"}
_LSN_FUNCTIONS = {
    "fn_cdc_get_max_lsn",
    "fn_cdc_get_min_lsn",
    "fn_cdc_increment_lsn",
    "fn_cdc_decrement_lsn",
    "fn_cdc_map_time_to_lsn",
}


def marked(con: duckdb.DuckDBPyConnection, tree: exp.Expression) -> exp.Expression:
    """A copy of an untranslated tree whose `MARKED` nodes know the kind of their argument."""
    root = tree.copy()
    for node in root.find_all(*MARKED):
        if isinstance(node, exp.Add):
            sides = {_kind(con, node.this), _kind(con, node.expression)}
            node.meta["kind"] = Kind.TEXT if sides & {Kind.TEXT, Kind.NATIONAL} else Kind.OTHER
        else:
            value = node.expression if isinstance(node, exp.Convert) else node.this
            node.meta["kind"] = _kind(con, value)
    return root


def _kind(con: duckdb.DuckDBPyConnection, node: exp.Expression | None) -> Kind:
    if node is None:
        return Kind.OTHER
    if isinstance(node, exp.Convert):
        return of_type(node.this)
    if isinstance(node, exp.Cast):
        return of_type(node.to)
    if isinstance(node, exp.National):
        return Kind.NATIONAL
    if isinstance(node, exp.Literal):
        return Kind.TEXT if node.is_string else Kind.OTHER
    if isinstance(node, exp.HexString | exp.SHA | exp.SHA2 | exp.MD5):
        return Kind.BINARY
    if isinstance(node, exp.Column):
        return _column(con, node)
    if isinstance(node, _KEEPING):
        return _kind(con, node.this)
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args["ifs"]]
        return _strongest(con, [*results, node.args.get("default")])
    if isinstance(node, exp.If):
        return _strongest(con, [node.args["true"], node.args.get("false")])
    if isinstance(node, _JOINING):
        found = _strongest(con, [node.this, node.args.get("expression"), *node.expressions])
        return Kind.TEXT if found is Kind.OTHER and not isinstance(node, exp.Coalesce) else found
    if isinstance(node, exp.Add):
        return _strongest(con, [node.this, node.expression])
    if isinstance(node, exp.Subquery | exp.Query):
        return _kind(con, next(iter(_selects(node)), None))
    if isinstance(node, exp.Dot):
        is_lsn = node.expression.name.lower() in _LSN_FUNCTIONS
        return Kind.BINARY if is_lsn else Kind.OTHER
    return Kind.OTHER


def of_type(kind: exp.DataType) -> Kind:
    """The kind of a T-SQL type."""
    if kind.this in types.NATIONAL:
        return Kind.NATIONAL
    if kind.this in types.TEXT:
        return Kind.TEXT
    return Kind.BINARY if kind.this in types.BINARY else Kind.OTHER


def _strongest(con: duckdb.DuckDBPyConnection, nodes: list[exp.Expression | None]) -> Kind:
    """The kind of values that one column takes from all of these."""
    found = {_kind(con, node) for node in nodes if isinstance(node, exp.Expression)}
    order = (Kind.UNKNOWN, Kind.NATIONAL, Kind.TEXT, Kind.BINARY)
    return next((kind for kind in order if kind in found), Kind.OTHER)


def _column(con: duckdb.DuckDBPyConnection, column: exp.Column) -> Kind:
    """The kind of a column, looked for from the innermost query outwards."""
    scope = column.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Merge)
    while scope is not None:
        for source in _sources(scope):
            if not column.table or source.alias_or_name.lower() == column.table.lower():
                found = _of_source(con, source, column.name.lower())
                if found is not None:
                    return found
        scope = scope.find_ancestor(exp.Select, exp.Update, exp.Delete, exp.Merge)
    return Kind.UNKNOWN


def _sources(scope: exp.Expression) -> Iterator[exp.Expression]:
    """What a statement's FROM names, and the target of one that writes."""
    clause = scope.args.get("from_")
    roots = [clause.this] if clause is not None else []
    roots += [] if isinstance(scope, exp.Select) else [scope.this, scope.args.get("using")]
    for root in roots:
        if isinstance(root, exp.Expression):
            yield root
            yield from (join.this for join in root.args.get("joins") or [])
    yield from (join.this for join in scope.args.get("joins") or [])
    yield from scope.args.get("laterals") or []


def _of_source(con: duckdb.DuckDBPyConnection, source: exp.Expression, name: str) -> Kind | None:
    """The kind of the source's column of that name; None when it has none."""
    if isinstance(source, exp.Subquery | exp.Lateral) and isinstance(
        source.this, exp.Query | exp.Subquery | exp.Values
    ):
        return _of_query(con, source.this, name, source.args.get("alias"))
    if isinstance(source, exp.Query | exp.Values):
        return _of_query(con, source, name, source.args.get("alias"))
    if isinstance(source.this, exp.OpenJSON):
        return {"key": Kind.NATIONAL, "value": Kind.NATIONAL, "type": Kind.OTHER}.get(name)
    if isinstance(source, exp.Table):
        common = None if source.db else _common(source)
        if common is not None:
            return _of_query(con, common.this, name, common.args.get("alias"))
        return _of_table(con, source, name)
    return None


def _common(source: exp.Table) -> exp.CTE | None:
    """The common table expression that the table's name means."""
    holder = source.parent
    while holder is not None:
        clause = holder.args.get("with_")
        for each in clause.expressions if clause is not None else []:
            if each.alias.lower() == source.name.lower() and source.find_ancestor(exp.CTE) != each:
                return each
        holder = holder.parent
    return None


def _of_query(
    con: duckdb.DuckDBPyConnection,
    query: exp.Expression,
    name: str,
    alias: exp.Expression | None,
) -> Kind | None:
    names = [c.name.lower() for c in alias.args.get("columns") or []] if alias is not None else []
    items = list(_selects(query))
    if name in names and names.index(name) < len(items):
        return _kind(con, items[names.index(name)])
    for item in items:
        if item.is_star:
            owner = item.table.lower() if isinstance(item, exp.Column) else ""
            for source in _sources(item.find_ancestor(exp.Select)):
                if not owner or source.alias_or_name.lower() == owner:
                    found = _of_source(con, source, name)
                    if found is not None:
                        return found
        elif item.alias_or_name.lower() == name:
            return _kind(con, item)
    return None


def _selects(query: exp.Expression) -> list[exp.Expression]:
    """The columns of a query; of a union, its first query's."""
    while isinstance(query, exp.Subquery | exp.SetOperation):
        query = query.this
    if isinstance(query, exp.Values):
        first = query.expressions[0]
        return list(first.expressions) if isinstance(first, exp.Tuple) else [first]
    return list(query.expressions) if isinstance(query, exp.Select) else []


def _of_table(con: duckdb.DuckDBPyConnection, source: exp.Table, name: str) -> Kind | None:
    schema, bare = source.db.lower() or "dbo", source.this.name.lower()
    if schema == "cdc":
        for instance in changelog.instances(con):
            if bare in (
                f"{instance.name}_ct".lower(),
                f"fn_cdc_get_all_changes_{instance.name}".lower(),
            ):
                if name.startswith("__$"):
                    return Kind.BINARY if name in _CONTROL else Kind.OTHER
                schema, bare = instance.schema, instance.table
                captured = {column.lower(): number for number, column in instance.columns}
                return _of_id(con, schema, bare, captured.get(name))
    try:
        table = catalog.find_table(con, schema, bare)
        return _of_id(con, table.schema, table.name, table.column(name).id)
    except MedallionError:
        return None


def _of_id(
    con: duckdb.DuckDBPyConnection, schema: str, table: str, number: int | None
) -> Kind | None:
    row = con.execute(
        "SELECT type_name FROM stand_in.columns "
        "WHERE schema_name = ? AND table_name = ? AND column_id = ?",
        [schema, table, number],
    ).fetchone()
    if row is None:
        return None
    named = {"nvarchar": Kind.NATIONAL, "nchar": Kind.NATIONAL}
    named |= {"varchar": Kind.TEXT, "char": Kind.TEXT}
    named |= {"binary": Kind.BINARY, "varbinary": Kind.BINARY}
    return named.get(row[0], Kind.OTHER)
