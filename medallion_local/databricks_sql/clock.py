"""The warehouse's clock. Tests set it wrong: `MEDALLION_WAREHOUSE_CLOCK` names a file with the
seconds by which it is ahead, negative ones for a clock that is behind. Each statement reads it.
Of several numbers the statements take one after another, so that the clock jumps amid a build.

Only the clock of SQL is moved: what `current_timestamp()` and its like return.
"""

import itertools
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlglot import exp

from medallion_local.databricks_sql.dialect import parse

VARIABLE = "MEDALLION_WAREHOUSE_CLOCK"
_MOMENT, _DAY = "TIMESTAMP '{day} {time}'", "DATE '{day}'"
_FORMULAS = {
    "current_timestamp": _MOMENT,
    "now": _MOMENT,
    "localtimestamp": "TIMESTAMP_NTZ '{day} {time}'",
    "unix_timestamp": f"unix_timestamp({_MOMENT})",
    "current_date": _DAY,
    "curdate": _DAY,
}
_TREES: dict[type, str] = {
    exp.CurrentTimestamp: "current_timestamp",
    exp.CurrentDate: "current_date",
    exp.Localtimestamp: "localtimestamp",
}


_statements = itertools.count()


def now() -> datetime | None:
    """The time by a clock that was set wrong, UTC; None while the engine's own is right."""
    file = os.environ.get(VARIABLE)
    if not file:
        return None
    ahead = Path(file).read_text().split()
    return datetime.now(UTC) + timedelta(seconds=float(ahead[next(_statements) % len(ahead)]))


def bridge_clock(tree: exp.Expression, moment: datetime) -> None:
    """Put the time in the place of each function that asks for it."""
    for call in list(tree.find_all(exp.Anonymous, *_TREES)):
        name = _TREES.get(type(call)) or call.name.lower()
        if name in _FORMULAS and not call.expressions:
            text = _FORMULAS[name].format(day=f"{moment:%Y-%m-%d}", time=f"{moment:%H:%M:%S.%f}")
            call.replace(parse(f"SELECT {text}").expressions[0])
