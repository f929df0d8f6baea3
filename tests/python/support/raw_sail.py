"""Ask Sail itself, without the rules, for each row of the table of its differences.

It is a program, because Sail cannot be stopped: `python -m support.raw_sail` prints each row that
Sail answers in another way than the table says.
"""

import os
import re
import sys

from medallion_local.databricks_sql.sail.differences import DIFFERENCES, Answer
from medallion_local.databricks_sql.sail.engine import SailEngine


def condition(error: Exception) -> str:
    """The error condition that a message begins with."""
    found = re.search(r"\[([A-Z0-9_.]+)\]", str(error))
    return found.group(1) if found else ""


def shown(rows) -> Answer:
    """Rows as the table of differences writes them."""
    return tuple(tuple(None if value is None else str(value) for value in row) for row in rows)


def main() -> None:
    engine = SailEngine()
    for difference in DIFFERENCES:
        if difference.raw is None:
            continue
        try:
            table = engine.query(difference.statement).table()
            raw: Answer = shown(zip(*(c.to_pylist() for c in table.columns), strict=True))
        except Exception:
            raw = "error"
        if raw != difference.raw:
            print(f"{difference.name}: Sail answers {raw!r}, not {difference.raw!r}")
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
