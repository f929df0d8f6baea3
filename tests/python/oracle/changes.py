"""The meaning of a list of change rows: the distinct changes, and each key's states over time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from medallion.entities import logged_entities

Change = dict[str, Any]
History = dict[str, list[Change]]  # source table -> its change rows, in any order

DELETE, INSERT, BEFORE, AFTER = 1, 2, 3, 4
UNKNOWN_ID = -1  # the unknown member's key in every dimension; source rows with it are quarantined
# The registry says which tables there are and how they are keyed; what follows from their rows is
# computed here. `oracle.dimensions` lists the tracked columns again, so that a comparison finds one
# that the registry lacks.
KEYS = {entity.reported_as: entity.key[0] for entity in logged_entities()}


def order(change: Change) -> tuple:
    """The order of the change log: LSN, position in the transaction, operation; never arrival."""
    return change["_start_lsn"], change["_seqval"], change["_operation"]


def is_placed(change: Change) -> bool:
    """Whether the change states its position in the log."""
    log = ("_start_lsn", "_seqval", "_operation", "_commit_time")
    return all(change[column] is not None for column in log)


def distinct(changes: Iterable[Change], key: str) -> list[Change]:
    """The changes in log order, each once, without before-images and rows without a usable key."""
    reserved = None if key == "stream_id" else UNKNOWN_ID
    seen: dict[tuple, Change] = {}
    for change in changes:
        if not is_placed(change) or change["_operation"] == BEFORE:
            continue
        if change[key] not in (None, reserved):
            seen.setdefault((change[key], *order(change)), change)
    return sorted(seen.values(), key=order)


def changes_by_key(changes: Iterable[Change], key: str) -> dict[Any, list[Change]]:
    """The distinct changes of each key, in log order."""
    by_key: dict[Any, list[Change]] = {}
    for change in distinct(changes, key):
        by_key.setdefault(change[key], []).append(change)
    return by_key


def effects(in_order: Iterable[Change]) -> list[tuple[datetime, Change]]:
    """Each change of a key with its time of effect, which is never before the previous one's."""
    timed: list[tuple[datetime, Change]] = []
    for change in in_order:
        moment = change["_commit_time"]
        if timed and timed[-1][0] > moment:
            moment = timed[-1][0]
        timed.append((moment, change))
    return timed


def states_by_key(changes: Iterable[Change], key: str) -> dict[Any, list[tuple[datetime, Change]]]:
    """Each key's states in order, with their start; of changes with the same time, the last one."""
    return {
        value: [*dict(effects(own)).items()] for value, own in changes_by_key(changes, key).items()
    }


def last_by_key(changes: Iterable[Change], key: str) -> dict[Any, Change]:
    """The last change of each key in log order. It may be a delete."""
    return {value: own[-1] for value, own in changes_by_key(changes, key).items()}
