"""INSERT, UPDATE, DELETE and MERGE as plans: a select of the rows that a statement changes.

A plan is the temporary table `_plan` with `_rid` (the row's rowid, NULL for a new row), `_op`
(`I`, `U`, `D`) and the table's columns with their new values. T-SQL's `FROM` in UPDATE and DELETE
contains the target, so it translates directly to a select. `changes` checks, captures and
applies the plan.
"""

from datetime import datetime

import duckdb
from sqlglot import exp

from medallion.errors import MedallionError
from medallion_local.azure_sql import alter, catalog
from medallion_local.azure_sql.catalog import Column, Table
from medallion_local.azure_sql.tsql import compiler, describe
from medallion_local.tsql import macros, types
from medallion_local.tsql.compiler import Compiler
from medallion_local.tsql.scope import Source
from medallion_local.tsql.values import Value, assign, convert

Planned = tuple[Table, str]  # the target, and a DuckDB select of the plan's rows
DML = (exp.Insert, exp.Update, exp.Delete, exp.Merge)


def plan(con: duckdb.DuckDBPyConnection, tree: exp.Expression, now: datetime) -> Planned:
    """The plan of a statement. Its clock functions and defaults use `now` as the current time."""
    if tree.args.get("returning") or tree.args.get("output"):
        raise MedallionError(
            f"the OUTPUT clause of {describe(tree)} is not supported by the emulator"
        )
    if tree.args.get("limit") or tree.args.get("order") or tree.args.get("options"):
        raise MedallionError(
            f"{describe(tree)} is not supported by the emulator: remove its TOP, ORDER BY or OPTION"
        )
    c = compiler(con, now)
    if isinstance(tree, exp.Insert):
        table, text = _insert(con, c, tree, now)
    elif isinstance(tree, exp.Update):
        table, text = _update(con, c, tree, now)
    elif isinstance(tree, exp.Delete):
        table, text = _delete(con, c, tree)
    else:
        table, text = _merge(con, c, tree, now)
    macros.provide(con, text)
    return table, text


def plan_rows(table: Table, op: str, source: str) -> str:
    """A plan that inserts (`I`), replaces (`U`) or deletes (`D`) the rows of `source` by key."""
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


def _typed(column: Column, value: str) -> str:
    return f"CAST({value} AS {column.duckdb_type}) AS {column.sql}"


def _kept(table: Table, alias: str) -> dict[str, str]:
    """The current values of a row, by column name."""
    return {c.name: f"{catalog.quoted(alias)}.{c.sql}" for c in table.columns}


def _stored(table: Table, column: Column, value: Value) -> str:
    """A value converted to the column's type."""
    return assign(value, column.kind, f"table '{table.full_name}', column '{column.name}'").sql


def _listed(table: Table, values: dict[str, str]) -> str:
    return ", ".join(f"{values[c.name]} AS {c.sql}" for c in table.columns)


def _is_default(node: exp.Expression) -> bool:
    return (
        isinstance(node, exp.Var | exp.Column)
        and node.name.upper() == "DEFAULT"
        and not (isinstance(node, exp.Column) and (node.table or node.this.args.get("quoted")))
    )


def _insert(
    con: duckdb.DuckDBPyConnection, c: Compiler, tree: exp.Insert, now: datetime
) -> Planned:
    target = tree.this
    listed = target.expressions if isinstance(target, exp.Schema) else []
    table = catalog.table_named(con, target.this if isinstance(target, exp.Schema) else target)
    names = [table.column(i.name).name for i in listed] or [c.name for c in table.columns]
    if len(set(names)) < len(names):
        raise MedallionError(f"Msg 264: a column is named more than once in {describe(tree)}.")
    columns = [table.column(name) for name in names]
    common = c.common(tree)
    if isinstance(tree.expression, exp.Values):
        text = _values(con, c, tree, table, columns, now)
    elif isinstance(tree.expression, exp.Query):
        query = c.query(tree.expression)
        if len(query.columns) != len(columns):
            raise _other_number(len(query.columns) > len(columns))
        given = ", ".join(f"g{i}" for i in range(len(columns)))
        stored = ", ".join(
            f"{_stored(table, column, Value(f'g{i}', kind, has_columns=True))} AS {column.sql}"
            for i, (column, (_, kind)) in enumerate(zip(columns, query.columns, strict=True))
        )
        text = f"SELECT {stored} FROM ({query.sql}) AS _g ({given})"
    else:
        raise MedallionError(f"{describe(tree)} is not supported: give VALUES or a SELECT")
    values = {
        column.name: f"q.{column.sql}"
        if column in columns
        else alter.default_value(con, column, now)
        for column in table.columns
    }
    rows = ", ".join(_typed(column, values[column.name]) for column in table.columns)
    return table, (f"{common}SELECT NULL::BIGINT AS _rid, 'I' AS _op, {rows} FROM ({text}) AS q")


def _other_number(more: bool) -> MedallionError:
    return MedallionError(
        f"Msg {'121' if more else '120'}: The number of columns in the INSERT does not match the "
        "number of values."
    )


def _values(
    con: duckdb.DuckDBPyConnection,
    c: Compiler,
    tree: exp.Insert,
    table: Table,
    columns: list[Column],
    now: datetime,
) -> str:
    """VALUES: unify the types of a column's values, as UNION does, then convert to the column's."""
    rows = [
        list(row.expressions) if isinstance(row, exp.Tuple) else [row]
        for row in tree.expression.expressions
    ]
    for row in rows:
        if len(row) != len(columns):
            raise MedallionError(
                f"Msg 213: Column name or number of supplied values does not match table "
                f"definition of '{table.full_name}'."
            )
    cells: list[list[str]] = [[] for _ in rows]
    for place, column in enumerate(columns):
        compiled = [
            None if _is_default(row[place]) else c.value(row[place].unnest()) for row in rows
        ]
        known = [v for v in compiled if v is not None]
        kind = types.unified([v.type for v in known], f"VALUES of {column.name}") if known else None
        for cell, value in zip(cells, compiled, strict=True):
            if value is None or kind is None:
                cell.append(alter.default_value(con, column, now))
            else:
                as_it_is = len(known) == 1 or value.type == types.NULL
                one = value if as_it_is else convert(value, kind)
                cell.append(_stored(table, column, one))
    listed = ", ".join(f"({', '.join(row)})" for row in cells)
    return f"SELECT * FROM (VALUES {listed}) AS _v ({', '.join(col.sql for col in columns)})"


def _target(
    con: duckdb.DuckDBPyConnection, c: Compiler, target: exp.Table, source: exp.Expression | None
) -> tuple[Table, str, str]:
    """The target, its alias, and the FROM clause, which names the target by alias or by name."""
    if source is None:
        table = catalog.table_named(con, target)
        alias = target.alias or target.name
        c.add(Source(alias, [(col.name, col.kind) for col in table.columns]))
        return table, alias, f"FROM {table.sql} AS {catalog.quoted(alias)}"
    root = source.this if isinstance(source, exp.From) else source
    members = [root, *(join.this for join in root.args.get("joins") or [])]
    members = [
        m for m in members if isinstance(m, exp.Table) and isinstance(m.this, exp.Identifier)
    ]
    name = target.name.lower()
    found = [m for m in members if not target.db and m.alias_or_name.lower() == name]
    found = found or [m for m in members if m.name.lower() == name]
    text = c.from_clause(exp.Select(from_=exp.From(this=root))).strip()
    if found:
        return catalog.table_named(con, found[0]), found[0].alias_or_name, text
    table = catalog.table_named(con, target)
    alias = target.alias or target.name
    c.add(Source(alias, [(col.name, col.kind) for col in table.columns]))
    return table, alias, f"{text} CROSS JOIN {table.sql} AS {catalog.quoted(alias)}"


def _where(c: Compiler, tree: exp.Expression) -> str:
    where = tree.args.get("where")
    return f" WHERE {c.condition(where.this)}" if where is not None else ""


def _update(
    con: duckdb.DuckDBPyConnection, c: Compiler, tree: exp.Update, now: datetime
) -> Planned:
    common = c.common(tree)
    source = tree.args.get("from_")
    table, alias, clause = _target(con, c, tree.this, source)
    values = _kept(table, alias)
    for item in tree.expressions:
        if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Column):
            raise MedallionError(f"{describe(tree)} is not supported: SET takes column = value")
        column = table.column(item.this.name)
        if _is_default(item.expression):
            values[column.name] = alter.default_value(con, column, now)
        else:
            values[column.name] = _stored(table, column, c.value(item.expression))
    listed = ", ".join(_typed(col, values[col.name]) for col in table.columns)
    select = (
        f"{common}SELECT {catalog.quoted(alias)}.rowid AS _rid, 'U' AS _op, {listed} "
        f"{clause}{_where(c, tree)}"
    )
    if source is None:
        return table, select
    # A row that the join matches more than once is updated once: SQL Server does not say by which.
    return table, f"SELECT DISTINCT ON (_rid) * FROM ({select}) ORDER BY ALL"


def _delete(con: duckdb.DuckDBPyConnection, c: Compiler, tree: exp.Delete) -> Planned:
    named = tree.args.get("tables") or []
    if any(t.name.upper() == "TOP" for t in named):
        raise MedallionError(f"TOP in {describe(tree)} is not supported by the emulator")
    common = c.common(tree)
    source = tree.this or None
    target = named[0] if named else source
    has_source = named or (source is not None and source.args.get("joins"))
    table, alias, clause = _target(con, c, target, source if has_source else None)
    listed = _listed(table, _kept(table, alias))
    return table, (
        f"{common}SELECT DISTINCT ON (_rid) {catalog.quoted(alias)}.rowid AS _rid, 'D' AS _op, "
        f"{listed} {clause}{_where(c, tree)}"
    )


def _merge(con: duckdb.DuckDBPyConnection, c: Compiler, tree: exp.Merge, now: datetime) -> Planned:
    common = c.common(tree)
    table = catalog.table_named(con, tree.this)
    alias = tree.this.alias_or_name
    c.add(Source(alias, [(col.name, col.kind) for col in table.columns]))
    using = c.source(tree.args["using"])
    target, source = catalog.quoted(alias), catalog.quoted(c.scope.sources[-1].alias)
    on = c.condition(tree.args["on"])
    tests: list[str] = []
    kinds: list[str] = []
    values: dict[str, list[str]] = {col.name: [] for col in table.columns}
    for when in tree.args["whens"].expressions:
        test, then = _applies(c, when, target, source), when.args["then"]
        tests.append(test)
        kinds.append(f"WHEN {test} THEN '{_kind(then, tree)}'")
        given = _assigned(con, c, table, then, now)
        kept = _kept(table, alias)
        for col in table.columns:
            if col.name in given:
                value = given[col.name]
            elif isinstance(then, exp.Insert):
                value = alter.default_value(con, col, now)
            else:
                value = kept[col.name]
            values[col.name].append(f"WHEN {test} THEN CAST({value} AS {col.duckdb_type})")
    columns = ", ".join(f"CASE {' '.join(v)} END AS {catalog.quoted(n)}" for n, v in values.items())
    return table, (
        f"{common}SELECT {target}.rowid AS _rid, CASE {' '.join(kinds)} END AS _op, {columns} "
        f"FROM {table.sql} AS {target} FULL OUTER JOIN "
        f"(SELECT *, TRUE AS _present FROM {using}) AS {source} "
        f"ON {on} WHERE ({') OR ('.join(tests)})"
    )


def _applies(c: Compiler, when: exp.When, target: str, source: str) -> str:
    """The condition under which a WHEN clause applies to a row of the full join."""
    if when.args.get("matched"):
        test = f"{target}.rowid IS NOT NULL AND {source}._present"
    elif when.args.get("source"):
        test = f"{target}.rowid IS NOT NULL AND {source}._present IS NULL"
    else:
        test = f"{target}.rowid IS NULL"
    condition = when.args.get("condition")
    return f"{test} AND ({c.condition(condition)})" if condition is not None else test


def _kind(then: exp.Expression, tree: exp.Merge) -> str:
    if isinstance(then, exp.Insert):
        return "I"
    if isinstance(then, exp.Update):
        return "U"
    if then.name.upper() == "DELETE":
        return "D"
    raise MedallionError(f"the action {then.sql()!r} of {describe(tree)} is not supported")


def _assigned(
    con: duckdb.DuckDBPyConnection, c: Compiler, table: Table, then: exp.Expression, now: datetime
) -> dict[str, str]:
    """The values that a WHEN clause writes, by column."""

    def stored(column: Column, node: exp.Expression) -> str:
        if _is_default(node):
            return alter.default_value(con, column, now)
        return _stored(table, column, c.value(node))

    if isinstance(then, exp.Update):
        columns = [table.column(e.this.name) for e in then.expressions]
        return {
            col.name: stored(col, e.expression)
            for col, e in zip(columns, then.expressions, strict=True)
        }
    if isinstance(then, exp.Insert):
        listed = then.this.expressions if then.this else []
        names = [table.column(i.name).name for i in listed] or [col.name for col in table.columns]
        values = then.expression.expressions if then.expression is not None else []
        if len(values) != len(names):
            raise MedallionError(
                f"Msg 213: the INSERT of the MERGE has {len(values)} values for {len(names)} "
                f"columns of '{table.full_name}'."
            )
        return {
            name: stored(table.column(name), value)
            for name, value in zip(names, values, strict=True)
        }
    return {}
