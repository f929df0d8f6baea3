"""Cut a change log into batches and files: late, twice, out of order, in every shape."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from conformance.columns import ADDED_LATER
from conformance.scenario import BASE, Change

# The first and the last time that 64-bit nanoseconds can hold.
NANOSECONDS = (
    datetime(1677, 9, 21, 0, 12, 43, 145225),
    datetime(2262, 4, 11, 23, 47, 16, 854775),
)
TEMPERS = ("in order", "in order", "some late", "some late", "shuffled", "plays first", "at once")
FIRST_DAY, LAST_DAY = 14, 45  # of the changes: on the first one capture begins
LOWS = (3, 4, 6, 9, 0x1000, 0x2000)  # LSNs amid those of the logs
Batches = list[dict[str, list[int]]]


@dataclass(frozen=True)
class Backfill:
    """Days that are asked for again in a batch, both included and counted from day 0.

    Before that, change data cleanup has removed the changes below the LSN `low`, if there is one.
    """

    batch: int
    first: int
    last: int
    low: int | None = None
    allow_partial: bool = False

    def answer(self, changes: list[Change], captured: Iterable[int]) -> tuple[str, list[int]]:
        """The label of the file that it lands, and its changes, by their places in the log.

        `captured` are the places of what the source holds without a cleanup. The rule is that of
        docs/runbooks/backfill.md: the range is whole if each change since its first day is there.
        A refusal lands nothing, and is kept as a label without changes.
        """
        begins = BASE + timedelta(days=self.first)
        ends = BASE + timedelta(days=self.last + 1)
        since = [p for p in captured if (changes[p]["_commit_time"] or datetime.min) >= begins]
        asked = [place for place in since if changes[place]["_commit_time"] < ends]
        days = f"{self.first}_{self.last}"
        if all(self._is_left(changes[place]) for place in since):
            return f"backfill_{days}", asked
        if not self.allow_partial:
            return f"refused_{days}_since_{self.low}", []
        left = [place for place in asked if self._is_left(changes[place])]
        return f"backfill_{days}_since_{self.low}", left

    def _is_left(self, change: Change) -> bool:
        lsn = change["_start_lsn"]
        return self.low is None or lsn is None or lsn >= self.low


def deliver(
    changes: list[Change],
    batches: int,
    backfills: list[Backfill],
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
    for asked in backfills:
        captured = [place for place in range(len(changes)) if due[place] <= asked.batch]
        label, rows = asked.answer(changes, captured)
        if rows or label.startswith("refused"):
            delivered[asked.batch][label] = rows
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


def backfills_of_era(seed: int, era: int, batches: int) -> list[Backfill]:
    """What is asked for again in an era, often nothing; in the first one always after a cleanup."""
    dice = random.Random(f"{seed}/backfills/{era}")
    found = []
    for _ in range(dice.choice([0, 0, 0, 0, 0, 1, 2])):
        batch, first = dice.randrange(batches), dice.randrange(FIRST_DAY, LAST_DAY)
        last = first + dice.randrange(12)
        if dice.random() < 0.5:
            found.append(Backfill(batch, first, last))
        else:
            found += _around_a_cleanup(batch, first, last, dice.choice(LOWS), dice)
    if era == 0:  # one that has never landed, and one of other days that has
        middle = dice.randrange(FIRST_DAY + 6, FIRST_DAY + 10)
        found += _around_a_cleanup(0, FIRST_DAY, middle - 1, dice.randint(4, 6), dice)
        found += _around_a_cleanup(batches - 1, middle, LAST_DAY, 0x1000, dice)
    return found


def _around_a_cleanup(
    batch: int, first: int, last: int, low: int, dice: random.Random
) -> list[Backfill]:
    """The same days in a batch before the cleanup, after it, and the rest of them."""
    return [
        *(Backfill(earlier, first, last) for earlier in dice.sample(range(batch), min(batch, 1))),
        Backfill(batch, first, last, low),
        Backfill(batch, first, last, low, allow_partial=True),
    ]
