"""The version that VERSION AS OF, TIMESTAMP AS OF and `@` name.

Source: https://docs.databricks.com/delta/history.html#query-an-older-snapshot
"""

from datetime import UTC, datetime

from sqlglot import exp

from medallion_local.databricks_sql.delta_log import log
from medallion_local.databricks_sql.engine import Engine
from medallion_local.databricks_sql.language.dialect import parse, render
from medallion_local.databricks_sql.language.errors import SqlError, unsupported
from medallion_local.databricks_sql.language.reader import Reader


def version_of(engine: Engine, folder: str, clause: exp.Version) -> int:
    """The version that the clause of a table names. Raises if the table does not have it."""
    wanted = clause.expression
    if clause.name.upper() == "VERSION":
        if not wanted.name.isdigit():
            raise SqlError(
                f"[INVALID_TIME_TRAVEL_SPEC] {render(wanted)} is not a version: write a number."
            )
        return log.require_version(folder, int(wanted.name))
    return log.version_at(folder, moment(engine, wanted))


def moment(engine: Engine, wanted: exp.Expression) -> datetime:
    """The time that an expression without columns names."""
    holder = exp.Paren(this=wanted.copy())
    engine.adapt(holder)
    text = render(holder.this)
    try:
        found = engine.query(f"SELECT CAST({text} AS TIMESTAMP) AS t").rows()[0]["t"]
    except SqlError as error:
        raise SqlError(
            f"[INVALID_TIME_TRAVEL_TIMESTAMP_EXPR] {text} is not a timestamp: {error}"
        ) from None
    if found is None:
        raise SqlError(f"[INVALID_TIME_TRAVEL_TIMESTAMP_EXPR] {text} is NULL, not a timestamp.")
    return found.astimezone(UTC)


def version_in(engine: Engine, reader: Reader, folder: str) -> int:
    """The version in the next words of a statement: `VERSION AS OF 1`, `TIMESTAMP AS OF …`."""
    kind = reader.identifier().upper()
    reader.expect("AS", "OF")
    if kind not in ("VERSION", "TIMESTAMP"):
        raise unsupported(reader.sql)
    wanted = parse(f"SELECT {reader.rest()}").expressions[0]
    clause = exp.Version(this=kind, expression=wanted, kind="AS OF")
    return version_of(engine, folder, clause)
