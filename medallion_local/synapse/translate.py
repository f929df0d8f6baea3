"""T-SQL to DuckDB on the syntax tree."""

from pathlib import Path

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from medallion_local.synapse.catalog import SYSTEM
from medallion_local.synapse.database import LAKE, Database, quoted
from medallion_local.synapse.dialect import OpenRowset, brief
from medallion_local.synapse.errors import COLUMN, OBJECT, TSqlError, unsupported
from medallion_local.synapse.semantics import refuse
from medallion_local.synapse.types import FROM_FILES, Kind, kind_of


def engine_sql(tree: exp.Expression, database: Database) -> str:
    """The DuckDB text of a query."""
    root = exp.Subquery(this=tree.copy())
    for node in root.walk():
        refuse(node)
    for node in reversed(list(root.walk(bfs=True))):
        if isinstance(node, exp.Table):
            node.replace(_table(node, database))
        elif isinstance(node, exp.National):
            node.replace(exp.Literal.string(node.name))
        elif isinstance(node, exp.Add) and any(_is_text(one) for one in (node.left, node.right)):
            node.replace(exp.DPipe(this=node.left, expression=node.right))
        elif isinstance(node, exp.CurrentUser):  # SUSER_SNAME(), as sqlglot has it
            node.replace(exp.func("getvariable", exp.Literal.string("login")))
        elif isinstance(node, exp.ObjectId):
            node.replace(_object_id(node, database))
    try:
        return str(root.this.sql(dialect="duckdb", unsupported_level=ErrorLevel.RAISE))
    except SqlglotError as error:
        raise unsupported(f"The query {brief(tree)} ({str(error).splitlines()[0]})") from error


def known_kinds(tree: exp.Expression) -> dict[str, Kind]:
    """The types that OPENROWSET's WITH gives to columns which a query passes through."""
    kinds = {
        one.name: kind_of(one)
        for rowset in tree.find_all(OpenRowset)
        for one in rowset.expressions or ()
    }
    passed = {one.name for one in tree.expressions if isinstance(one, exp.Column)}
    return {name: kind for name, kind in kinds.items() if name in passed}


def _is_text(node: exp.Expression) -> bool:
    node = node.unnest()
    if isinstance(node, exp.Literal):
        return bool(node.is_string)
    return isinstance(node, exp.DPipe | exp.Upper | exp.Lower)


def _table(node: exp.Table, database: Database) -> exp.Expression:
    if isinstance(node.this, OpenRowset):
        alias = node.args.get("alias")
        if alias is None:
            raise TSqlError("OPENROWSET(BULK …) needs a name: write AS [rows] after it.", 491)
        rows = sqlglot.parse_one(_rowset(node.this, database), read="duckdb")
        return exp.Subquery(this=rows, alias=alias.copy())
    if node.catalog and node.catalog.lower() != database.name.lower():
        raise unsupported(f"Reading {node.sql()} of another database than {database.name}")
    if not isinstance(node.this, exp.Identifier):
        raise unsupported(f"The row source {brief(node)}")
    if (node.db.lower(), node.name.lower()) in SYSTEM:
        view = f"{node.db}_{node.name}".lower()
        return exp.table_(view, db="stand_in", alias=node.alias or node.name)
    if not node.db and _is_cte(node):
        return node.copy()
    schema = node.db or "dbo"
    if not database.view_exists(schema, node.name):
        raise TSqlError(f"Invalid object name '{schema}.{node.name}'.", OBJECT)
    found = exp.table_(node.name, db=schema, quoted=True)
    alias = node.args.get("alias")
    found.set("alias", alias.copy() if alias else None)
    return found


def _is_cte(node: exp.Table) -> bool:
    scope = node.parent
    while scope is not None:
        ctes = scope.ctes if isinstance(scope, exp.Query) else ()
        if any(one.alias.lower() == node.name.lower() for one in ctes):
            return True
        scope = scope.parent
    return False


def _rowset(rowset: OpenRowset, database: Database) -> str:
    """A query of the engine that reads the Delta folder under the types of WITH."""
    options = rowset.args["options"]
    given = {name: value.name for name, value in options.items()}
    if given.get("FORMAT", "").upper() != "DELTA" or set(given) != {"DATA_SOURCE", "FORMAT"}:
        raise unsupported("OPENROWSET with other options than DATA_SOURCE and FORMAT = 'DELTA'")
    if not rowset.expressions:
        raise unsupported("OPENROWSET without a WITH clause")
    folder = database.delta_folder(given["DATA_SOURCE"], rowset.this.name)
    source = _scan(folder.relative_to(database.lake))
    actual = {name: kind for name, kind, *_ in database.rows(f"describe select * from {source}")}
    columns = ", ".join(_column(one, actual, folder) for one in rowset.expressions)
    return f"select {columns} from {source}"


def _scan(folder: Path) -> str:
    """The engine's table function over a folder of whatever lake the database is opened with."""
    below = str(folder).replace("'", "''")
    return f"delta_scan(getvariable('{LAKE}') || '/{below}')"


def _column(definition: exp.ColumnDef, actual: dict[str, str], folder: Path) -> str:
    name, kind = definition.name, kind_of(definition)
    if name not in actual:
        raise TSqlError(f"The Delta folder {folder.name} has no column '{name}'.", COLUMN)
    if actual[name] != FROM_FILES.get(kind.engine, kind.engine):
        raise TSqlError(
            f"Column '{name}' of type '{actual[name]}' is not compatible with external data type "
            f"'{kind.name}'.",
            15822,
        )
    column = quoted(name)
    if kind.length is None:
        return f"cast({column} as {kind.engine}) as {column}"
    message = f"Column '{name}' has a value that is longer than its {kind.length} bytes."
    told = message.replace("'", "''")
    return (
        f"case when strlen({column}) > {kind.length} then error('{told}') else {column} end"
        f" as {column}"
    )


def _object_id(node: exp.ObjectId, database: Database) -> exp.Expression:
    named = exp.to_table(node.this.name, dialect="tsql")
    there = database.view_exists(named.db or "dbo", named.name)
    kind = node.args.get("expression")
    asked = kind is None or kind.name.upper() == "V"
    return exp.Literal.number(1) if there and asked else exp.null()
