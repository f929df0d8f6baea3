"""Cut a change log into batches and files: late, twice, out of order, in every shape."""

import random
from datetime import datetime

from conformance.columns import ADDED_LATER
from conformance.scenario import BASE, Change

# The first and the last time that 64-bit nanoseconds can hold.
NANOSECONDS = (
    datetime(1677, 9, 21, 0, 12, 43, 145225),
    datetime(2262, 4, 11, 23, 47, 16, 854775),
)
TEMPERS = ("in order", "in order", "some late", "some late", "shuffled", "plays first", "at once")
Batches = list[dict[str, list[int]]]


def deliver(
    changes: list[Change],
    batches: int,
    backfills: list[tuple[int, int, int]],
    dice: random.Random,
) -> Batches:
    """Deliver each change at least once: per batch, file label → positions of its changes."""
    delivered: Batches = [{} for _ in range(batches)]
    due = _due(len(changes), batches, dice)
    temper, twice = dice.choice(TEMPERS), dice.choice([0.0, 0.1, 0.3])
    together = dice.randrange(batches)
    for place, change in enumerate(changes):
        arrivals = [_arrival(temper, change, due[place], together, batches, dice)]
        if dice.random() < twice:
            arrivals.append(dice.randrange(arrivals[0], batches))
        for batch in arrivals:
            label = dice.choice(_labels(change, batch))
            delivered[batch].setdefault(label, []).append(place)
    for batch, first, last in backfills:
        within = [
            place
            for place, change in enumerate(changes)
            if due[place] <= batch
            and change["_commit_time"] is not None
            and first <= (change["_commit_time"] - BASE).days <= last
        ]
        if within:
            delivered[batch][f"backfill_{first}_{last}"] = within
    for files in delivered:
        for rows in files.values():
            dice.shuffle(rows)
    return delivered


def _due(changes: int, batches: int, dice: random.Random) -> list[int]:
    """The batch in which each change would arrive without faults: the log, cut at random."""
    cuts = sorted(dice.randint(0, changes) for _ in range(batches - 1))
    return [sum(cut <= place for cut in cuts) for place in range(changes)]


def _arrival(
    temper: str, change: Change, due: int, together: int, batches: int, dice: random.Random
) -> int:
    if temper == "at once":
        return together
    if temper == "shuffled":
        return dice.randrange(batches)
    if temper == "plays first":
        return due if change["table"] == "FactStream" else batches - 1
    if temper == "some late" and dice.random() < 0.25:
        return dice.randrange(due, batches)
    return due


def _labels(change: Change, batch: int) -> list[str]:
    """The labels of the files that can contain the change."""
    labels = ["plain", "plain", "wide", "late", "rerun"]
    times = [value for value in change.values() if isinstance(value, datetime)]
    if all(NANOSECONDS[0] <= value <= NANOSECONDS[1] for value in times):
        labels.append("nano")
    if all(value.microsecond % 1000 == 0 for value in times):
        labels.append("milli")
    if change[ADDED_LATER[change["table"]]] is None:
        labels += ["narrow", "narrow"]
    return labels


def backfills_of_era(seed: int, era: int, batches: int) -> list[tuple[int, int, int]]:
    """The backfills of an era, often none: (batch, first day, last day), counted from day 0."""
    dice = random.Random(f"{seed}/backfills/{era}")
    found = []
    for _ in range(dice.choice([0, 0, 0, 0, 0, 1, 2])):
        first = dice.randrange(14, 45)
        found.append((dice.randrange(batches), first, first + dice.randrange(12)))
    return found
