"""The books: what became of every row that landed, per source table."""

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
    """Whether a rule keeps the change out."""
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
            counts["quarantined"] += 1  # without a place it cannot be told from another delivery
        elif order(change) in own:
            counts["redelivered"] += 1
        else:
            own[order(change)] = change
    for key, own in by_key.items():
        in_order = [own[place] for place in sorted(own)]
        if table in TEXTS:
            counts.update(_versions_told(in_order, table))
        elif key is None:
            counts["quarantined"] += len(in_order)
        else:
            counts.update(_outcomes(in_order, table))
    return counts


def _outcomes(in_order: list[Change], table: str) -> list[str]:
    """Of plays and days: all but the last change are overtaken."""
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


def _versions_told(in_order: list[Change], table: str) -> list[str]:
    """Of users, artists and tracks: what each change made of the versions of its key."""
    good = [change for change in in_order if not is_kept_out(change, table)]
    states = dict(effects(good))
    told = ["quarantined"] * (len(in_order) - len(good))
    told += ["superseded"] * (len(good) - len(states))
    state = None
    for change in states.values():
        tracked = tuple(change[column] for column in TEXTS[table] + OTHERS[table])
        after = None if change["_operation"] == DELETE else tracked
        if after == state:
            told.append("collapsed")
        else:
            told.append("deleted" if after is None else "applied")
        state = after
    return told
