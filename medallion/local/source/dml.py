"""INSERT, UPDATE, DELETE and MERGE as plans: a select of the rows that a statement changes.

A plan is the temporary table `_plan`: `_rid` (the row's place, NULL for a new row), `_op`
(`I`, `U`, `D`) and the table's columns as they shall be. T-SQL's `FROM` in UPDATE and DELETE
contains the target, so its meaning as a select is plain; `changes` checks, captures and applies.
"""

from datetime import datetime

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion.local.source import alter, catalog
from medallion.local.source.catalog import Table
from medallion.local.source.tsql import describe, render

Planned = tuple[Table, str]  # the target, and DuckDB's select of the plan's rows
DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


def plan(con: duckdb.DuckDBPyConnection, tree: exp.Expression, now: datetime) -> Planned:
    """The plan of a translated statement; defaults that ask for the time take `now`."""
    if tree.args.get("returning") or tree.args.get("output"):
        raise MedallionError(
            f"the OUTPUT clause of {describe(tree)} is not supported by the stand-in"
        )
    if isinstance(tree, exp.Insert):
        return _insert(con, tree, now)
    if isinstance(tree, exp.Update):
        return _update(con, tree)
    if isinstance(tree, exp.Delete):
        return _delete(con, tree)
    return _merge(con, tree, now)


def plan_rows(table: Table, op: str, source: str) -> str:
    """The plan that inserts (`I`), replaces (`U`) or deletes (`D`) the rows of `source` by key."""
    if op == "I":
        columns = ", ".join(_typed(c, f"s.{c.sql}") for c in table.columns)
        return f"SELECT NULL::BIGINT AS _rid, 'I' AS _op, {columns} FROM {source} AS s"
    columns = ", ".join(
        _typed(c, f"s.{c.sql}" if op == "U" else f"t.{c.sql}") for c in table.columns
    )
    match = " AND ".join(f"t.{k.sql} = s.{k.sql}" for k in table.keys)
    return (
        f"SELECT t.rowid AS _rid, '{op}' AS _op, {columns} "
        f"FROM {table.sql} AS t INNER JOIN {source} AS s ON {match}"
    )


def _typed(column: catalog.Column, value: str) -> str:
    return f"CAST({value} AS {column.duckdb_type}) AS {column.sql}"


def _with(tree: exp.Expression) -> str:
    common = tree.args.get("with_")
    return f"{render(common)} " if common is not None else ""


def _insert(con: duckdb.DuckDBPyConnection, tree: exp.Insert, now: datetime) -> Planned:
    target = tree.this
    listed = target.expressions if isinstance(target, exp.Schema) else []
    table = catalog.table_named(con, target.this if isinstance(target, exp.Schema) else target)
    names = [table.column(i.name).name for i in listed] or [c.name for c in table.columns]
    if len(set(names)) < len(names):
        raise MedallionError(f"Msg 264: a column is named more than once in {describe(tree)}.")
    if not isinstance(tree.expression, exp.Query | exp.Values):
        raise MedallionError(f"{describe(tree)} is not supported: give VALUES or a SELECT")
    given = ", ".join(catalog.quoted(n) for n in names)
    columns = ", ".join(
        _typed(c, f"q.{c.sql}" if c.name in names else alter.default_value(c, now))
        for c in table.columns
    )
    query = render(tree.expression)
    query = query if isinstance(tree.expression, exp.Query) else f"SELECT * FROM ({query})"
    return table, (
        f"SELECT NULL::BIGINT AS _rid, 'I' AS _op, {columns} "
        f"FROM ({_with(tree)}{query}) AS q ({given})"
    )


def _from_clause(
    con: duckdb.DuckDBPyConnection, target: exp.Table, source: exp.Expression | None
) -> tuple[Table, str, str]:
    """The target, its alias, and FROM, in which T-SQL finds the target by alias or name."""
    if source is None:
        table = catalog.table_named(con, target)
        alias = target.alias or target.name
        return table, catalog.quoted(alias), f"{table.sql} AS {catalog.quoted(alias)}"
    root = source.this if isinstance(source, exp.From) else source
    members = [root, *(join.this for join in root.args.get("joins") or [])]
    members = [
        m for m in members if isinstance(m, exp.Table) and isinstance(m.this, exp.Identifier)
    ]
    name = target.name.lower()
    found = [m for m in members if not target.db and m.alias_or_name.lower() == name]
    found = found or [m for m in members if m.name.lower() == name]
    text = render(root)
    if not found:
        table = catalog.table_named(con, target)
        alias = catalog.quoted(target.alias or target.name)
        return table, alias, f"{table.sql} AS {alias}, {text}"
    return catalog.table_named(con, found[0]), catalog.quoted(found[0].alias_or_name), text


def _update(con: duckdb.DuckDBPyConnection, tree: exp.Update) -> Planned:
    source = tree.args.get("from_")
    table, alias, clause = _from_clause(con, tree.this, source)
    assigned: dict[str, str] = {}
    for item in tree.expressions:
        if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
            raise MedallionError(f"{describe(tree)} is not supported: SET takes column = value")
        assigned[table.column(item.this.name).name] = render(item.expression)
    columns = ", ".join(_typed(c, assigned.get(c.name, f"{alias}.{c.sql}")) for c in table.columns)
    where = tree.args.get("where")
    select = (
        f"{_with(tree)}SELECT {alias}.rowid AS _rid, 'U' AS _op, {columns} FROM {clause}"
        f"{' ' + render(where) if where is not None else ''}"
    )
    if source is None:
        return table, select
    # A row that the join meets more than once is updated once; SQL Server leaves open by which.
    return table, f"SELECT DISTINCT ON (_rid) * FROM ({select}) ORDER BY ALL"


def _delete(con: duckdb.DuckDBPyConnection, tree: exp.Delete) -> Planned:
    named = tree.args.get("tables") or []
    if any(t.name.upper() == "TOP" for t in named):
        raise MedallionError(f"TOP in {describe(tree)} is not supported by the stand-in")
    source = tree.this or None
    target = named[0] if named else source
    if named or (source is not None and source.args.get("joins")):
        table, alias, clause = _from_clause(con, target, source)
    else:
        table, alias, clause = _from_clause(con, target, None)
    columns = ", ".join(_typed(c, f"{alias}.{c.sql}") for c in table.columns)
    where = tree.args.get("where")
    return table, (
        f"{_with(tree)}SELECT DISTINCT {alias}.rowid AS _rid, 'D' AS _op, {columns} FROM {clause}"
        f"{' ' + render(where) if where is not None else ''}"
    )


def _merge(con: duckdb.DuckDBPyConnection, tree: exp.Merge, now: datetime) -> Planned:
    table = catalog.table_named(con, tree.this)
    target = catalog.quoted(tree.this.alias_or_name)
    source = catalog.quoted(tree.args["using"].alias_or_name or "_source")
    tests: list[str] = []
    kinds: list[str] = []
    values: dict[str, list[str]] = {c.name: [] for c in table.columns}
    for when in tree.args["whens"].expressions:
        test, then = _applies(when, target, source), when.args["then"]
        tests.append(test)
        kinds.append(f"WHEN {test} THEN '{_kind(then, tree)}'")
        given = _assigned(table, then)
        for c in table.columns:
            is_new = isinstance(then, exp.Insert)
            kept = alter.default_value(c, now) if is_new else f"{target}.{c.sql}"
            value = given.get(c.name, kept)
            values[c.name].append(f"WHEN {test} THEN CAST({value} AS {c.duckdb_type})")
    columns = ", ".join(f"CASE {' '.join(v)} END AS {catalog.quoted(n)}" for n, v in values.items())
    return table, (
        f"{_with(tree)}SELECT {target}.rowid AS _rid, CASE {' '.join(kinds)} END AS _op, {columns} "
        f"FROM {table.sql} AS {target} FULL OUTER JOIN "
        f"(SELECT *, TRUE AS _present FROM {render(tree.args['using'])}) AS {source} "
        f"ON {render(tree.args['on'])} WHERE ({') OR ('.join(tests)})"
    )


def _applies(when: exp.When, target: str, source: str) -> str:
    """The condition under which a WHEN clause takes a row of the full join."""
    if when.args.get("matched"):
        test = f"{target}.rowid IS NOT NULL AND {source}._present"
    elif when.args.get("source"):
        test = f"{target}.rowid IS NOT NULL AND {source}._present IS NULL"
    else:
        test = f"{target}.rowid IS NULL"
    condition = when.args.get("condition")
    return f"{test} AND ({render(condition)})" if condition is not None else test


def _kind(then: exp.Expression, tree: exp.Merge) -> str:
    if isinstance(then, exp.Insert):
        return "I"
    if isinstance(then, exp.Update):
        return "U"
    if then.name.upper() == "DELETE":
        return "D"
    raise MedallionError(f"the action {then.sql()!r} of {describe(tree)} is not supported")


def _assigned(table: Table, then: exp.Expression) -> dict[str, str]:
    """What a WHEN clause writes, by column."""
    if isinstance(then, exp.Update):
        return {table.column(e.this.name).name: render(e.expression) for e in then.expressions}
    if isinstance(then, exp.Insert):
        listed = then.this.expressions if then.this else []
        names = [table.column(i.name).name for i in listed] or [c.name for c in table.columns]
        values = then.expression.expressions if then.expression is not None else []
        if len(values) != len(names):
            raise MedallionError(
                f"Msg 213: the INSERT of the MERGE gives {len(values)} values for {len(names)} "
                f"columns of '{table.full_name}'."
            )
        return dict(zip(names, map(render, values), strict=True))
    return {}
