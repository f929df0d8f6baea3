"""Reconciliation: the outcome of every row that landed, per source table."""

from collections import Counter
from typing import Any

from oracle.changes import BEFORE, DELETE, KEYS, Change, History, effects, is_placed, order
from oracle.dimensions import OTHERS, TEXTS
from oracle.facts import broken_rules

COLUMNS = (
    "landed",
    "before_images",
    "redelivered",
    "applied",
    "deleted",
    "collapsed",
    "superseded",
    "quarantined",
)


def reconciliation(history: History) -> list[dict[str, Any]]:
    """One row per source table; `landed` is the sum of the columns after it."""
    rows = []
    for table in KEYS:
        counts = _counts(history[table], table)
        counts["landed"] = len(history[table])
        rows.append({"source_table": table} | {column: counts[column] for column in COLUMNS})
    return rows


def is_kept_out(change: Change, table: str) -> bool:
    """Whether a rule quarantines the change."""
    key = change[KEYS[table]]
    if table == "FactStream":
        return bool(broken_rules(change))
    return key is None or key == -1


def _counts(changes: list[Change], table: str) -> Counter:
    counts: Counter = Counter()
    by_key: dict[Any, dict[tuple, Change]] = {}
    for change in changes:
        own = by_key.setdefault(change[KEYS[table]], {})
        if change["_operation"] == BEFORE:
            counts["before_images"] += 1
        elif not is_placed(change):
            counts["quarantined"] += 1  # without a position, redelivery cannot be recognized
        elif order(change) in own:
            counts["redelivered"] += 1
        else:
            own[order(change)] = change
    for key, own in by_key.items():
        in_order = [own[place] for place in sorted(own)]
        if table in TEXTS:
            counts.update(_version_outcomes(in_order, table))
        elif key is None:
            counts["quarantined"] += len(in_order)
        else:
            counts.update(_outcomes(in_order, table))
    return counts


def _outcomes(in_order: list[Change], table: str) -> list[str]:
    """The outcomes of plays and days: every change except the last one is superseded."""
    if not in_order:
        return []
    if table == "DimDate" and is_kept_out(in_order[0], table):
        return ["quarantined"] * len(in_order)
    overtaken = ["superseded"] * (len(in_order) - 1)
    last = in_order[-1]
    if last["_operation"] == DELETE:
        stood = any(not is_kept_out(c, table) and c["_operation"] != DELETE for c in in_order)
        return [*overtaken, "deleted" if stood else "collapsed"]
    return [*overtaken, "quarantined" if is_kept_out(last, table) else "applied"]


def _version_outcomes(in_order: list[Change], table: str) -> list[str]:
    """The outcomes of users, artists and tracks: each change's effect on its key's versions."""
    good = [change for change in in_order if not is_kept_out(change, table)]
    states = dict(effects(good))
    outcomes = ["quarantined"] * (len(in_order) - len(good))
    outcomes += ["superseded"] * (len(good) - len(states))
    state = None
    for change in states.values():
        tracked = tuple(change[column] for column in TEXTS[table] + OTHERS[table])
        after = None if change["_operation"] == DELETE else tracked
        if after == state:
            outcomes.append("collapsed")
        else:
            outcomes.append("deleted" if after is None else "applied")
        state = after
    return outcomes
