"""Calls whose literal sizes would take all memory: Sail allocates the result before it fails.

Spark has a limit of 2,147,483,632 elements and a heap; Sail ends the process of the warehouse.
"""

from sqlglot import exp

from medallion_local.databricks_sql.sail.inference import Kinds
from medallion_local.databricks_sql.sail.refusal import refused
from medallion_local.databricks_sql.sail.rules import calls

_MOST = 100_000_000
_SIZES = {"array_repeat": 1, "repeat": 1, "lpad": 1, "rpad": 1, "space": 0}


@calls(*_SIZES)
def refuse_long_results(call: exp.Expression, kinds: Kinds) -> None:
    """Raise for a text or an array of more than a hundred million elements."""
    place = _SIZES[call.name.lower()]
    if len(call.expressions) > place and (_number(call.expressions[place]) or 0) > _MOST:
        raise refused(f"{call.name} with more than {_MOST:,} elements")


@calls("sequence")
def refuse_long_sequences(call: exp.Expression, kinds: Kinds) -> None:
    """Raise for a sequence of more than a hundred million numbers."""
    given = [_number(one) for one in call.expressions]
    if len(given) < 2 or given[0] is None or given[1] is None:
        return
    step = given[2] if len(given) > 2 and given[2] else 1
    if abs(given[1] - given[0]) / abs(step) > _MOST:
        raise refused(f"sequence with more than {_MOST:,} elements")


def _number(value: exp.Expression) -> int | None:
    """An integer literal's value."""
    if isinstance(value, exp.Neg):
        inner = _number(value.this)
        return None if inner is None else -inner
    while isinstance(value, exp.Paren | exp.Cast):
        value = value.this
    if not isinstance(value, exp.Literal) or value.is_string:
        return None
    digits = value.name.rstrip("LlSsYy")
    return int(digits) if digits.isdecimal() else None
