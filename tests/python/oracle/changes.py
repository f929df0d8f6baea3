"""What a list of change rows says: the distinct changes, and each key's states over time."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from medallion.entities import logged_entities

Change = dict[str, Any]
History = dict[str, list[Change]]  # source table -> its change rows, in any order

DELETE, INSERT, BEFORE, AFTER = 1, 2, 3, 4
UNKNOWN_ID = -1  # the unknown member's in every dimension; a source row with it is kept out
# The registry says which tables there are and how they are keyed; what follows from their rows is
# computed here. `oracle.dimensions` lists the tracked columns again, so that a comparison finds one
# that the registry lacks.
KEYS = {entity.reported_as: entity.key[0] for entity in logged_entities()}


def order(change: Change) -> tuple:
    """The order of the change log: LSN, place in the transaction, operation; never arrival."""
    return change["_start_lsn"], change["_seqval"], change["_operation"]


def is_placed(change: Change) -> bool:
    """Whether the change says where in the log it stands."""
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
    """When each change of a key takes effect: not before any that stands before it in the log."""
    told: list[tuple[datetime, Change]] = []
    for change in in_order:
        moment = change["_commit_time"]
        if told and told[-1][0] > moment:
            moment = told[-1][0]
        told.append((moment, change))
    return told


def states_by_key(changes: Iterable[Change], key: str) -> dict[Any, list[tuple[datetime, Change]]]:
    """Each key's states in order, and when each begins; of the changes at one time, the last."""
    return {
        value: [*dict(effects(own)).items()] for value, own in changes_by_key(changes, key).items()
    }


def last_by_key(changes: Iterable[Change], key: str) -> dict[Any, Change]:
    """What each key's last change says, by log order; it may be a delete."""
    return {value: own[-1] for value, own in changes_by_key(changes, key).items()}
