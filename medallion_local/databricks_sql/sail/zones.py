"""Statements in a session whose time zone is not UTC.

Sail casts, prints, truncates and extracts in the session's zone. Some of its functions, and the
formulas of `calendar`, are right in UTC only: they are refused in other zones.
"""

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import render
from medallion_local.databricks_sql.language.errors import SqlError

_ONLY_IN_UTC = {
    "timestamp_seconds",
    "timestamp_millis",
    "timestamp_micros",
    "from_utc_timestamp",
    "to_utc_timestamp",
    "convert_timezone",
    "window",
    "session_window",
    "months_between",
    "make_timestamp_ntz",
    "to_timestamp_ntz",
    "localtimestamp",
    "to_json",
    "to_csv",
    "from_json",
    "from_csv",
}
_UNITS_BELOW_A_DAY = {"HOUR", "MINUTE"}


def refuse_outside_utc(tree: exp.Expression) -> None:
    """Raise for a part of `tree` that Sail answers as if the session were in UTC."""
    for node in tree.walk():
        if isinstance(node, exp.Anonymous):
            name = node.name.lower()
            unit = node.expressions[0].name.upper() if node.expressions else ""
            if name in _ONLY_IN_UTC or (name == "date_trunc" and unit in _UNITS_BELOW_A_DAY):
                raise _refused(render(node))
        elif isinstance(node, exp.Localtimestamp) or (
            isinstance(node, exp.Cast) and node.to.this == exp.DType.TIMESTAMPNTZ
        ):
            raise _refused(render(node))


def _refused(what: str) -> SqlError:
    return SqlError(
        f"[UNSUPPORTED_FEATURE] {what} in a session whose time zone is not UTC: Sail answers it "
        "only in UTC; `medallion up --engine spark` supports it."
    )
