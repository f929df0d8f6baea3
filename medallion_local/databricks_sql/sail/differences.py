"""The differences of Sail 0.7.2 from Spark and Databricks, in one table.

Each row has the statement that shows the difference, what Databricks answers, what Sail answers
when it is asked directly (`raw`), and what the warehouse does: `rewritten` (a rule of `rules`
makes Sail answer as Databricks), or `refused` (with `refusal.refused`). `test_differences.py` runs
each row on both engines. When a new Sail answers a row's statement correctly by itself, the test of
that row fails: remove the row and its rule.

To add a row: `Difference(name, statement, answer, raw)`. `statement` may be several, separated by
`; `; the last one is asked. An answer is a tuple of rows, each a tuple of texts (`None` for NULL),
or an error condition such as `DIVIDE_BY_ZERO`. `raw` is a tuple of rows, or `error` for any error;
leave it out if the rule is not about one answer of the engine.
"""

from dataclasses import dataclass
from typing import Literal

Answer = str | tuple[tuple[str | None, ...], ...]
Action = Literal["rewritten", "refused"]


@dataclass(frozen=True)
class Difference:
    """A statement that Sail itself answers differently."""

    name: str
    statement: str
    answer: Answer
    raw: Answer | None = None
    action: Action = "rewritten"


def _one(name: str, expression: str, value: str | None, raw: str | None) -> Difference:
    """A difference in the value of one expression."""
    return Difference(name, f"SELECT {expression}", ((value,),), ((raw,),))


DIFFERENCES: tuple[Difference, ...] = (
    _one("weekday of a Sunday", "weekday(date'2024-12-29')", "6", "-1"),
    _one(
        "date_trunc of a DATE is a TIMESTAMP",
        "typeof(date_trunc('month', date'2024-12-29'))",
        "timestamp",
        "timestamp_ntz",
    ),
    Difference(
        "date_trunc before 1677",
        "SELECT CAST(date_trunc('week', timestamp'0001-01-03 00:00:00') AS DATE)",
        (("0001-01-01",),),
        "error",
    ),
)
