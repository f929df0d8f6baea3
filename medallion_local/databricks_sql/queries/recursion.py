"""Recursive common table expressions for an engine without them: level by level.

Source: https://docs.databricks.com/sql/language-manual/sql-ref-syntax-qry-select-cte.html
"""

from collections.abc import Callable

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import MOST_LEVELS, parse, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.queries.source import visible_ctes

_LEVELS, _ROWS = 100, 1_000_000
Run = Callable[[exp.Expression], pa.Table]
Stage = Callable[[exp.Table, pa.Table], None]


def materialize(with_: exp.With, run: Run, stage: Stage) -> None:
    """Replace each recursive expression of `with_` by its rows.

    `run` returns the rows of a query; `stage` replaces a table in a tree by rows.
    """
    for cte in with_.expressions:
        if _readers(cte.this, cte.alias):
            rows = _rows(cte, run, stage)
            query = parse("SELECT * FROM _rows")
            source = query.find(exp.Table)
            assert source is not None
            stage(source, rows)
            cte.set("this", query)
            cte.args["alias"].meta.pop(MOST_LEVELS, None)
    with_.set("recursive", False)


def _readers(query: exp.Expression, name: str) -> list[exp.Table]:
    return [
        table
        for table in query.find_all(exp.Table)
        if not table.db and table.name.lower() == name.lower()
    ]


def _rows(cte: exp.CTE, run: Run, stage: Stage) -> pa.Table:
    union = cte.this.unnest()
    if not isinstance(union, exp.Union) or union.args.get("distinct"):
        raise unsupported(f"a recursive query without UNION ALL: {render(cte)}")
    if _readers(union.this, cte.alias) or not _readers(union.expression, cte.alias):
        raise SqlError(
            f"[INVALID_RECURSIVE_REFERENCE.PLACE] Only the part after UNION ALL can read "
            f"`{cte.alias}`: {render(cte)}"
        )
    alias = cte.args["alias"]
    limit = int(alias.meta.get(MOST_LEVELS, _LEVELS))
    level = run(_standing_alone(union.this, cte))
    names = [column.name for column in alias.args.get("columns") or []] or level.column_names
    level = level.rename_columns(names)
    schema, found, count = level.schema, [level], level.num_rows
    while level.num_rows:
        if len(found) > limit:
            raise SqlError(
                f"[RECURSION_LEVEL_LIMIT_EXCEEDED] Recursion level limit {limit} reached but query "
                "has not exhausted: write MAX RECURSION LEVEL, or a condition that ends it."
            )
        step = _standing_alone(union.expression, cte)
        for table in _readers(step, cte.alias):
            stage(table, level)
        made = run(step)
        if made.num_columns != len(schema):
            raise SqlError(
                f"[NUM_COLUMNS_MISMATCH] UNION needs the same number of columns: {render(cte)}"
            )
        columns = [c.cast(f.type) for c, f in zip(made.columns, schema, strict=True)]
        level = pa.table(columns, names=names).cast(schema)
        found.append(level)
        count += level.num_rows
        if count > _ROWS:
            raise SqlError(
                f"[RECURSION_ROW_LIMIT_EXCEEDED] Recursion row limit {_ROWS} reached but query "
                "has not exhausted."
            )
    return pa.concat_tables(found)


def _standing_alone(query: exp.Expression, cte: exp.CTE) -> exp.Expression:
    """A part of the union as a query, with the expressions before it."""
    alone = exp.Subquery(this=query.copy())
    wrapped = exp.select("*").from_(
        exp.Subquery(this=alone.this, alias=exp.TableAlias(this=exp.to_identifier("_level")))
    )
    wrapped.set("with_", visible_ctes(cte))
    return wrapped
