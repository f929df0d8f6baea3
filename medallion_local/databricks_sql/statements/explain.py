"""EXPLAIN of a query: the plan of the engine, in the engine's own form."""

import pyarrow as pa
from sqlglot import exp

from medallion_local.databricks_sql.context import Context
from medallion_local.databricks_sql.engine import Result, result_of
from medallion_local.databricks_sql.language.dialect import parse
from medallion_local.databricks_sql.language.errors import excerpt, unsupported
from medallion_local.databricks_sql.language.reader import Reader

_MODES = ("EXTENDED", "CODEGEN", "COST", "FORMATTED")


def explain(context: Context, reader: Reader, sql: str) -> Result:
    """EXPLAIN [EXTENDED | CODEGEN | COST | FORMATTED] query."""
    mode = next((one for one in _MODES if reader.take(one)), "")
    tree = parse(reader.rest())
    if not isinstance(tree, exp.Query | exp.Values):
        raise unsupported(f"EXPLAIN of another statement than a query: {excerpt(sql)}")
    with context.resolved(tree) as text:
        plan = context.engine.query(f"EXPLAIN {mode} {text}", context.session.engine_settings)
        lines = [str(value) for value in plan.table().column(0).to_pylist()]
    shown = context.engine.shown("\n".join(lines))
    return result_of(pa.table({"plan": pa.array([shown], pa.string())}))
