"""Statements other than queries and DML: stored procedures, roles and grants."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import duckdb
from sqlglot import exp
from sqlglot.dialects.tsql import TSQL

from medallion.errors import MedallionError
from medallion_local.azure_sql import catalog, cdc
from medallion_local.azure_sql.tsql import describe

MAX_RETENTION = 52_494_800  # minutes: 100 years
Arguments = dict[str, str | bytes | None]


@dataclass(frozen=True)
class Result:
    """The result of an EXEC: whether it is a logged transaction, and a DuckDB query of its rows."""

    is_logged: bool = False
    rows: str | None = None


def execute(
    con: duckdb.DuckDBPyConnection, tree: exp.Execute, next_lsn: bytes, now: datetime
) -> Result:
    """Run an EXEC. If it is a logged transaction, it uses `next_lsn`."""
    name = tree.this.name.lower()
    procedure = PROCEDURES.get(name)
    if procedure is not None:
        cdc.require_enabled(con)
        return Result(rows=procedure(con, _arguments(tree)))
    if name == "sp_cdc_enable_db":
        cdc.enable_database(con)
        return Result()
    if name == "sp_cdc_enable_table":
        arguments = _arguments(tree)
        table = _source_table(con, arguments)
        if _text(arguments, "supports_net_changes") not in (None, "0"):
            raise MedallionError("net changes are not supported by the emulator: set it to 0")
        cdc.enable_table(
            con,
            table,
            name=_text(arguments, "capture_instance"),
            column_list=_text(arguments, "captured_column_list"),
            role=_text(arguments, "role_name"),
            start=next_lsn,
            now=now,
        )
        return Result(is_logged=True)
    raise MedallionError(f"Msg 2812: Could not find stored procedure '{name}' in the emulator.")


def _disable_table(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> None:
    cdc.disable_table(con, _source_table(con, arguments), _text(arguments, "capture_instance"))


def _clean_up(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> None:
    mark = arguments.get("low_water_mark")
    if not isinstance(mark, bytes):
        raise MedallionError(
            "sys.sp_cdc_cleanup_change_table needs @low_water_mark as a hex literal"
        )
    cdc.clean_up(con, _text(arguments, "capture_instance") or "", mark)


def _stop(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> None:
    _check_job(arguments)
    cdc.stop_capture(con)


def _start(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> None:
    _check_job(arguments)
    cdc.start_capture(con)


def _change(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> None:
    job, retention = _text(arguments, "job_type"), _text(arguments, "retention")
    if job != "cleanup" or arguments.keys() != {"job_type", "retention"}:
        raise MedallionError(
            "sys.sp_cdc_change_job: the emulator changes only @retention of @job_type N'cleanup'."
        )
    if retention is None or not retention.isdigit() or not 0 < int(retention) <= MAX_RETENTION:
        raise MedallionError(
            f"Msg 22994: The retention value specified for the Change Data Capture cleanup process "
            f"must be greater than 0 and less than or equal to {MAX_RETENTION}."
        )
    cdc.set_retention(con, int(retention))


def _scan(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> None:
    cdc.scan(con)


def _ddl_history(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> str:
    instance = cdc.find_instance(con, _text(arguments, "capture_instance") or "")
    name = instance.name.replace("'", "''")
    return (
        "SELECT i.schema_name AS source_schema, i.table_name AS source_table, i.capture_instance, "
        "h.required_column_update, h.ddl_command, h.ddl_lsn, h.ddl_time FROM cdc.ddl_history AS h "
        "INNER JOIN cdc.change_tables AS t USING (object_id) "
        "INNER JOIN stand_in.instances AS i ON i.capture_instance = t.capture_instance "
        f"WHERE t.capture_instance = '{name}' ORDER BY h.ddl_lsn"
    )


def _check_job(arguments: Arguments) -> None:
    job = _text(arguments, "job_type") or "capture"
    if job != "capture":
        raise MedallionError(
            f"Msg 22992: The specified @job_type, {job}, is not supported: the emulator has the "
            "job N'capture'; sys.sp_cdc_cleanup_change_table cleans up."
        )


# Each procedure requires CDC, and may return a DuckDB query of its result.
PROCEDURES: dict[str, Callable[[duckdb.DuckDBPyConnection, Arguments], str | None]] = {
    "sp_cdc_disable_table": _disable_table,
    "sp_cdc_cleanup_change_table": _clean_up,
    "sp_cdc_stop_job": _stop,
    "sp_cdc_start_job": _start,
    "sp_cdc_change_job": _change,
    "sp_cdc_scan": _scan,
    "sp_cdc_get_ddl_history": _ddl_history,
}


def security(con: duckdb.DuckDBPyConnection, tree: exp.Expression) -> None:
    """CREATE ROLE and USER, ALTER ROLE … ADD MEMBER, GRANT: the emulator only stores them."""
    text = f"{tree.this} {tree.expression}" if isinstance(tree, exp.Command) else None
    words = [t.text for t in TSQL().tokenize(text or tree.sql(dialect="tsql"))]
    upper = [w.upper() for w in words]
    if upper[:2] == ["CREATE", "ROLE"] and len(words) == 3:
        _create(con, words[2], "R")
    elif upper[:2] == ["CREATE", "USER"] and upper[3:] in ([], ["FROM", "EXTERNAL", "PROVIDER"]):
        _create(con, words[2], "E")
    elif upper[:2] == ["ALTER", "ROLE"] and upper[3:5] == ["ADD", "MEMBER"] and len(words) == 6:
        _require(con, words[2])
        _require(con, words[5])
        con.execute("INSERT INTO stand_in.members VALUES (?, ?)", [words[2], words[5]])
    elif upper[:1] == ["GRANT"] and "ON" in upper and "TO" in upper:
        _grant(con, words, upper)
    else:
        raise MedallionError(f"{describe(tree)} is not supported by the Azure SQL emulator")


def _grant(con: duckdb.DuckDBPyConnection, words: list[str], upper: list[str]) -> None:
    on, to = upper.index("ON"), upper.index("TO")
    permission = " ".join(upper[1:on])
    securable = "".join(words[on + 1 : to])
    kind, _, name = securable.rpartition("::")
    if kind.upper() in ("", "OBJECT"):
        catalog.find_table(con, *(name.split(".") if "." in name else ("dbo", name)))
    _require(con, words[to + 1])
    con.execute(
        "DELETE FROM stand_in.permissions "
        "WHERE permission = $1 AND securable = $2 AND principal = $3",
        [permission, name, words[to + 1]],
    )
    con.execute(
        "INSERT INTO stand_in.permissions VALUES (?, ?, ?, ?)",
        [permission, kind.upper() or "OBJECT", name, words[to + 1]],
    )


def _create(con: duckdb.DuckDBPyConnection, name: str, kind: str) -> None:
    if _exists(con, name):
        raise MedallionError(
            f"Msg 15023: User, group, or role '{name}' already exists in the current database."
        )
    cdc.add_principal(con, name, kind)


def _require(con: duckdb.DuckDBPyConnection, name: str) -> None:
    if not _exists(con, name):
        raise MedallionError(
            f"Msg 15151: Cannot find the principal '{name}', because it does not exist; "
            "create it first."
        )


def _exists(con: duckdb.DuckDBPyConnection, name: str) -> bool:
    query = "SELECT count(*) FROM stand_in.principals WHERE lower(name) = lower(?)"
    return con.execute(query, [name]).fetchone() != (0,)


def _arguments(tree: exp.Execute) -> Arguments:
    found: Arguments = {}
    for item in tree.expressions:
        if not isinstance(item, exp.EQ) or not isinstance(item.this, exp.Parameter):
            raise MedallionError(f"{describe(tree)} needs named arguments (@name = value)")
        value = item.expression
        if isinstance(value, exp.Null):
            found[item.this.name.lower()] = None
        elif isinstance(value, exp.HexString):
            found[item.this.name.lower()] = bytes.fromhex(re.sub("^0x", "", value.name))
        else:
            found[item.this.name.lower()] = value.name
    return found


def _text(arguments: Arguments, name: str) -> str | None:
    value = arguments.get(name)
    return value if isinstance(value, str) else None


def _source_table(con: duckdb.DuckDBPyConnection, arguments: Arguments) -> catalog.Table:
    name = _text(arguments, "source_name")
    if name is None:
        raise MedallionError("the procedure needs @source_name, the table's name")
    return catalog.find_table(con, _text(arguments, "source_schema") or "dbo", name)
