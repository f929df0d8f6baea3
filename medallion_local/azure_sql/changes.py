"""Check a statement's plan against the table's constraints, capture its changes, and apply it.

SQL Server's change rows: https://learn.microsoft.com/sql/relational-databases/system-tables/cdc-capture-instance-ct-transact-sql
An update is recorded as the operations 3 and 4 with one sequence value. An update of a key is
recorded as a delete (1) and an insert (2). Within one statement deletes come first and inserts
last, so that a replay never inserts a key that exists.
"""

import duckdb

from medallion.errors import MedallionError
from medallion_local.azure_sql.catalog import Table
from medallion_local.azure_sql.changelog import pending
from medallion_local.azure_sql.relations import key
from medallion_local.tsql import macros


def apply_plan(
    con: duckdb.DuckDBPyConnection, table: Table, select: str, captured: bool, first: int
) -> tuple[int, int]:
    """Apply a plan. Returns the rows affected and the number of sequence values from `first`."""
    con.execute(f"CREATE OR REPLACE TEMP TABLE _plan AS {select}")
    affected = _count(con, "SELECT count(*) FROM _plan")
    if not affected:
        return 0, 0
    _check_rows(con, table)
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _old AS SELECT t.rowid AS _rid, t.* FROM {table.sql} AS t "
        "WHERE t.rowid IN (SELECT _rid FROM _plan WHERE _rid IS NOT NULL)"
    )
    if table.keys:
        _check_keys(con, table)
    used = _capture(con, table, first) if captured else 0
    columns = ", ".join(c.sql for c in table.columns)
    con.execute(f"DELETE FROM {table.sql} WHERE rowid IN (SELECT _rid FROM _old)")
    order = ", ".join(k.sql for k in table.keys) or "rowid"
    con.execute(
        f"INSERT INTO {table.sql} SELECT {columns} FROM _plan WHERE _op <> 'D' ORDER BY {order}"
    )
    return affected, used


def apply_rows(
    con: duckdb.DuckDBPyConnection, table: Table, select: str, captured: bool, first: int
) -> tuple[int, int]:
    """Insert or replace by key the rows of a plan of inserts. Returns the inserts and updates.

    Each row is a separate change, as if each were a statement of one transaction. It takes one
    sequence value, starting at `first`. A row that equals the current row of its key is no change.
    """
    con.execute(f"CREATE OR REPLACE TEMP TABLE _plan AS {select}")
    _check_rows(con, table)
    keys = ", ".join(k.sql for k in table.keys)
    match = " AND ".join(f"t.{k.sql} = p.{k.sql}" for k in table.keys)
    turn = f"(PARTITION BY {', '.join(f'p.{k.sql}' for k in table.keys)} ORDER BY p.rowid)"
    before = ", ".join(
        f"CASE WHEN row_number() OVER {turn} = 1 THEN t.{c.sql} ELSE lag(p.{c.sql}) OVER {turn} "
        f"END AS {c.logged}"
        for c in table.columns
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _turns AS SELECT p.rowid AS _plan_row, "
        f"t.rowid IS NOT NULL OR row_number() OVER {turn} > 1 AS _known, {before} "
        f"FROM _plan AS p LEFT JOIN {table.sql} AS t ON {match}"
    )
    bits = " + ".join(
        f"(o.{c.logged} IS DISTINCT FROM p.{c.sql})::HUGEINT * {1 << (c.id - 1)}"
        for c in table.columns
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _numbered AS WITH steps AS ("
        f"SELECT o._plan_row, o._known, {bits} AS _changed FROM _turns AS o "
        "INNER JOIN _plan AS p ON p.rowid = o._plan_row) "
        "SELECT *, row_number() OVER (ORDER BY _plan_row) AS _number FROM steps "
        "WHERE NOT _known OR _changed <> 0"
    )
    if captured:
        columns = ", ".join(c.logged for c in table.columns)
        old = ", ".join(f"o.{c.logged}" for c in table.columns)
        new = ", ".join(f"p.{c.sql}" for c in table.columns)
        joins = (
            "FROM _numbered AS n INNER JOIN _plan AS p ON p.rowid = n._plan_row "
            "INNER JOIN _turns AS o ON o._plan_row = n._plan_row"
        )
        position = f"{first} + n._number - 1"
        con.execute(
            f"INSERT INTO {pending(table)} (_position, operation, changed, {columns}) "
            f"SELECT {position}, 2, NULL, {new} {joins} WHERE NOT n._known "
            f"UNION ALL SELECT {position}, 3, n._changed, {old} {joins} WHERE n._known "
            f"UNION ALL SELECT {position}, 4, n._changed, {new} {joins} WHERE n._known"
        )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE _last AS SELECT DISTINCT ON ({keys}) p.* FROM _plan AS p "
        f"INNER JOIN _numbered AS n ON n._plan_row = p.rowid ORDER BY {keys}, p.rowid DESC"
    )
    con.execute(f"DELETE FROM {table.sql} AS t USING _last AS p WHERE {match}")
    columns = ", ".join(c.sql for c in table.columns)
    con.execute(f"INSERT INTO {table.sql} SELECT {columns} FROM _last ORDER BY {keys}")
    inserted = _count(con, "SELECT count(*) FROM _numbered WHERE NOT _known")
    return inserted, _count(con, "SELECT count(*) FROM _numbered") - inserted


def _count(con: duckdb.DuckDBPyConnection, sql: str) -> int:
    row = con.execute(sql).fetchone()
    return int(row[0]) if row else 0


def _check_rows(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    """Check NOT NULL, lengths, and that a MERGE changes each row at most once."""
    for column in table.columns:
        if not column.nullable:
            query = f"SELECT count(*) FROM _plan WHERE _op <> 'D' AND {column.sql} IS NULL"
            if _count(con, query):
                raise MedallionError(
                    f"Msg 515: Cannot insert the value NULL into column '{column.name}', table "
                    f"'{table.full_name}'; column does not allow nulls."
                )
        if column.max_chars is not None:
            query = (
                f"SELECT {column.sql} FROM _plan WHERE strlen({column.sql}) > {column.max_chars} "
                f"AND ts_units({column.sql}) > {column.max_chars}"
            )
            macros.provide(con, query)
            row = con.execute(query + " LIMIT 1").fetchone()
            if row:
                raise MedallionError(
                    "Msg 2628: String or binary data would be truncated in table "
                    f"'{table.full_name}', column '{column.name}'; "
                    f"truncated value: '{row[0][: column.max_chars]}'."
                )
    twice = (
        "SELECT count(*) FROM (SELECT 1 FROM _plan WHERE _rid IS NOT NULL "
        "GROUP BY _rid HAVING count(*) > 1)"
    )
    if _count(con, twice):
        raise MedallionError(
            "Msg 8672: The MERGE statement attempted to UPDATE or DELETE the same row more than "
            "once; a target row matched more than one source row."
        )


def _check_keys(con: duckdb.DuckDBPyConnection, table: Table) -> None:
    keys = ", ".join(k.sql for k in table.keys)
    same = ", ".join(key(k, "") for k in table.keys)
    shown = ", ".join(f"first({k.sql})" for k in table.keys)
    match = " AND ".join(f"{key(k, 't.')} = {key(k, 'n.')}" for k in table.keys)
    macros.provide(con, match)
    row = con.execute(
        f"WITH n AS (SELECT {keys} FROM _plan WHERE _op <> 'D') "
        f"SELECT {shown} FROM n GROUP BY {same} HAVING count(*) > 1 "
        f"UNION ALL SELECT {', '.join('n.' + k.sql for k in table.keys)} FROM {table.sql} AS t "
        f"INNER JOIN n ON {match} WHERE t.rowid NOT IN (SELECT _rid FROM _old) "
        f"ORDER BY ALL LIMIT 1"
    ).fetchone()
    if row:
        raise MedallionError(
            f"Msg 2627: Violation of PRIMARY KEY constraint '{table.key_name}'. Cannot insert "
            f"duplicate key in object '{table.full_name}'. The duplicate key value is "
            f"({', '.join(map(str, row))})."
        )


def _capture(con: duckdb.DuckDBPyConnection, table: Table, first: int) -> int:
    """Write the plan's changes to the pending table. Returns the count of sequence values used."""
    old = ", ".join(f"o.{c.sql}" for c in table.columns)
    new = ", ".join(f"p.{c.sql}" for c in table.columns)
    old_key = ", ".join(f"o.{k.sql}" for k in table.keys) or "p.rowid"
    new_key = ", ".join(f"p.{k.sql}" for k in table.keys) or "p.rowid"
    moved = " OR ".join(f"o.{k.sql} <> p.{k.sql}" for k in table.keys) or "FALSE"
    bits = " + ".join(
        f"(o.{c.sql} IS DISTINCT FROM p.{c.sql})::HUGEINT * {1 << (c.id - 1)}"
        for c in table.columns
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE _numbered AS WITH phased AS ("
        f"SELECT p.rowid AS _plan_row, o._rid, {bits} AS _changed, "
        f"row({old_key}) AS _old_key, row({new_key}) AS _new_key, "
        "unnest(CASE WHEN p._op = 'D' THEN [0] WHEN p._op = 'I' THEN [2] "
        f"WHEN {moved} THEN [0, 2] ELSE [1] END) AS _phase "
        "FROM _plan AS p LEFT JOIN _old AS o ON o._rid = p._rid) "
        "SELECT _plan_row, _rid, _changed, _phase, row_number() OVER (ORDER BY _phase, "
        "CASE WHEN _phase = 2 THEN _new_key ELSE _old_key END, _plan_row) AS _number FROM phased"
    )
    position = f"{first} + n._number - 1"
    joins = (
        "FROM _numbered AS n INNER JOIN _plan AS p ON p.rowid = n._plan_row "
        "LEFT JOIN _old AS o ON o._rid = n._rid"
    )
    columns = ", ".join(c.logged for c in table.columns)
    con.execute(
        f"INSERT INTO {pending(table)} (_position, operation, changed, {columns}) "
        f"SELECT {position}, 1, NULL, {old} {joins} WHERE n._phase = 0 "
        f"UNION ALL SELECT {position}, 3, n._changed, {old} {joins} WHERE n._phase = 1 "
        f"UNION ALL SELECT {position}, 4, n._changed, {new} {joins} WHERE n._phase = 1 "
        f"UNION ALL SELECT {position}, 2, NULL, {new} {joins} WHERE n._phase = 2"
    )
    return _count(con, "SELECT count(*) FROM _numbered")
