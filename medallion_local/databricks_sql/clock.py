"""The warehouse's clock, which tests can set wrong.

`MEDALLION_WAREHOUSE_CLOCK` names a file with the seconds by which the clock is ahead; a negative
number means behind. A time such as `2025-01-01T00:00:00Z` stops the clock there. Each statement
reads the file. With several entries, each statement uses the next one, so that the clock jumps
during a build.

Only SQL's clock changes: the results of `current_timestamp()` and similar functions.
"""

import itertools
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlglot import exp

from medallion_local.databricks_sql.language.dialect import parse

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
    """The current UTC time of a clock that was set wrong; None if the engine's clock is used."""
    file = os.environ.get(VARIABLE)
    if not file:
        return None
    entries = Path(file).read_text().split()
    entry = entries[next(_statements) % len(entries)]
    if "T" in entry:
        return datetime.fromisoformat(entry).astimezone(UTC)
    return datetime.now(UTC) + timedelta(seconds=float(entry))


def bridge_clock(tree: exp.Expression, moment: datetime) -> None:
    """Replace each clock function by the given time."""
    for call in list(tree.find_all(exp.Anonymous, *_TREES)):
        name = _TREES.get(type(call)) or call.name.lower()
        if name in _FORMULAS and not call.expressions:
            text = _FORMULAS[name].format(day=f"{moment:%Y-%m-%d}", time=f"{moment:%H:%M:%S.%f}")
            call.replace(parse(f"SELECT {text}").expressions[0])
