"""Seeded scenarios with everything that real change logs contain, and some faulty logs."""

import random
from datetime import date, datetime, timedelta
from typing import Any

from conformance.columns import ADDED_LATER, COLUMNS
from conformance.delivery import FIRST_DAY, NANOSECONDS, Backfill, deliver
from conformance.scenario import BASE, Change, Scenario
from oracle.changes import AFTER, BEFORE, DELETE, INSERT, KEYS, order

FIRST_COMMIT = BASE + timedelta(days=FIRST_DAY)
LAST_COMMIT = BASE + timedelta(days=47)
MEMBERS = 3  # keys of each dimension; plays name one more, which never exists
PLAYS = 9
CALENDAR_DAYS = 40
LONG_AGO, EARLIEST_PLAY = datetime(2005, 6, 1), datetime(2006, 1, 1)
EXTREMES = (
    datetime.min,  # .NET's default
    datetime(1, 1, 3),
    datetime(1582, 10, 10),  # a day that the hybrid Julian-Gregorian calendar skips
    NANOSECONDS[0] - timedelta(microseconds=1),
    *NANOSECONDS,
    NANOSECONDS[1] + timedelta(microseconds=1),
    datetime(9999, 12, 31),
    datetime.max,
)
AT_THE_EDGE = 40  # scenarios, all of the first era, whose oldest plays are only just valid
MICROSECOND, MILLISECOND = timedelta(microseconds=1), timedelta(milliseconds=1)
DAY, WEEK = timedelta(days=1), timedelta(weeks=1)


class Author:
    """Generates one scenario. Its random parameters make scenarios differ in character."""

    def __init__(self, seed: int, number: int, own_days: list[int], attempt: int) -> None:
        self.dice = random.Random(f"{seed}/{number}" + (f"/{attempt}" if attempt else ""))
        self.own_days = own_days
        self.rows: dict[str, dict[Any, dict]] = {table: {} for table in KEYS}
        self.changes: list[Change] = []
        self.tick = self.dice.choice([MICROSECOND, MILLISECOND])
        self.first_load = self.dice.random() < 0.6
        self.deletes = self.dice.choice([0.1, 0.3, 0.5])
        self.empty = self.dice.choice([0.05, 0.3])
        self.steps_back = self.dice.choice([0.0, 0.0, 0.1, 0.4])
        self.clock = self._clock(self.dice.randint(4, 18))
        likes = [*KEYS, "FactStream", "FactStream", "DimUser"]
        chosen = self.dice.choices(likes, k=self.dice.randint(2, 5))
        self.tables = [*chosen, "DimUser", "FactStream"]

    def _clock(self, transactions: int) -> list[datetime]:
        """The commit times in log order. Some are equal; some are midnights or starts of a week."""
        now = FIRST_COMMIT + self.dice.randrange(86_400_000) * MILLISECOND
        times = []
        for _ in range(transactions):
            now = min(self._later(now), LAST_COMMIT)
            times.append(now)
        return [max(self._stepped_back(time), FIRST_COMMIT) for time in times]

    def _stepped_back(self, time: datetime) -> datetime:
        """The time that the source's clock showed: some clocks step back now and then."""
        if self.dice.random() >= self.steps_back:
            return time
        step = self.dice.choice([self.tick, 10 * MILLISECOND, DAY, self.dice.random() * 10 * DAY])
        return time - step // self.tick * self.tick

    def _later(self, now: datetime) -> datetime:
        midnight = datetime(now.year, now.month, now.day) + DAY
        step = self.dice.randrange(9)
        if step < 2:
            return now
        if step == 2:
            return now + self.tick
        if step == 3:
            return midnight
        if step == 4:
            return midnight + (-midnight.weekday() % 7) * DAY
        return now + self.dice.randrange(1, 3 * 86_400_000) * MILLISECOND

    def write(self) -> list[Change]:
        """The log of all tables, in log order."""
        lsn = self.dice.randint(1, 3)
        for number, commit_time in enumerate(self.clock):
            if number == 0 and self.first_load:
                self._load(lsn, commit_time)
            else:
                self._transact(lsn, commit_time)
            lsn += self.dice.choice([1, 1, 2, 0x1000])
        log = sorted(self.changes, key=order)
        return log + [self._misplaced(change) for change in log if self.dice.random() < 0.01]

    def _misplaced(self, change: Change) -> Change:
        """The same change again, without its position in the log."""
        lost = self.dice.choice(["_start_lsn", "_seqval", "_operation", "_commit_time"])
        if change["_operation"] == BEFORE:
            return change | {"_operation": AFTER, lost: None}
        return change | {lost: None}

    def _load(self, lsn: int, commit_time: datetime) -> None:
        """The first load: inserts that share one position of the log; some are repeated later."""
        for table in KEYS:
            for key in {self._key(table) for _ in range(self.dice.randint(0, 3))} - {None}:
                self._log(table, INSERT, {KEYS[table]: key} | self._row(table, commit_time), lsn, 0)
                if self.dice.random() < 0.2:
                    operation = self.dice.choice([DELETE, INSERT])
                    row = {KEYS[table]: key} | self._row(table, commit_time)
                    self._log(table, operation, row, lsn, 1)

    def _transact(self, lsn: int, commit_time: datetime) -> None:
        seqval = 0
        favourite: tuple[str, Any] | None = None
        for _ in range(self.dice.choice([1, 1, 2, 3, 5])):
            seqval += self.dice.choice([1, 1, 1, 7])
            if favourite and self.dice.random() < 0.4:
                table, key = favourite
            else:
                table = self.dice.choice(self.tables)
                key = self._key(table)
            favourite = (table, key)
            self._change(table, key, lsn, seqval, commit_time)

    def _change(self, table: str, key: Any, lsn: int, seqval: int, now: datetime) -> None:
        """A change of one row, as its captured images."""
        before = self.rows[table].get(key)
        after = {KEYS[table]: key} | self._row(table, now)
        if before is None:
            unknown = self.dice.random() < 0.08
            self._log(table, DELETE if unknown else INSERT, after, lsn, seqval, now)
            return
        roll = self.dice.random()
        if roll < self.deletes:
            self._log(table, DELETE, before, lsn, seqval, now)
        elif roll < self.deletes + 0.08:  # an update of the key: one position, two operations
            self._log(table, DELETE, before, lsn, seqval, now)
            self._log(table, INSERT, after, lsn, seqval, now)
        elif roll < self.deletes + 0.12:  # an insert over an existing row
            self._log(table, INSERT, after, lsn, seqval, now)
        else:
            after = self._updated(table, before, after, now)
            self._log(table, BEFORE, before, lsn, seqval, now)
            self._log(table, AFTER, after, lsn, seqval, now)

    def _updated(self, table: str, before: dict, after: dict, now: datetime) -> dict:
        """The row after an update of all columns, of one, of none, or of `updated_at` alone."""
        roll = self.dice.random()
        if roll < 0.1:
            return before
        if roll < 0.25:
            return before | ({"updated_at": now} if "updated_at" in before else {})
        if roll < 0.6:
            columns = [c for c in COLUMNS[table] if c not in (KEYS[table], "updated_at")]
            column = self.dice.choice(columns)
            return before | {column: after[column]}
        return after

    def _log(
        self,
        table: str,
        operation: int,
        row: dict,
        lsn: int,
        seqval: int,
        now: datetime | None = None,
    ) -> None:
        control = {
            "_start_lsn": lsn,
            "_seqval": seqval,
            "_operation": operation,
            "_commit_time": now or self.clock[0],
        }
        self.changes.append({"table": table} | row | control)
        if operation == DELETE:
            self.rows[table].pop(row[KEYS[table]], None)
        elif operation != BEFORE:
            self.rows[table][row[KEYS[table]]] = row

    def _key(self, table: str) -> int | None:
        roll = self.dice.random()
        if roll < 0.015:
            return None
        if roll < 0.03 and table != "FactStream":
            return -1
        if table == "DimDate":
            if roll < 0.06 or not self.own_days:  # an invalid day
                return self.dice.randrange(3)
            day = BASE.date() + timedelta(days=self.dice.choice(self.own_days))
            return int(f"{day:%Y%m%d}")
        return self.dice.randrange(PLAYS if table == "FactStream" else MEMBERS)

    def _row(self, table: str, now: datetime) -> dict:
        row = getattr(self, f"_{table.lower()}")(now)
        later = ADDED_LATER[table]
        if self.dice.random() < 0.15:
            row[later] = None
        if "updated_at" in COLUMNS[table]:
            row["updated_at"] = self.dice.choice([now, now, None])
        return row

    def _text(self, *choices: str) -> str | None:
        if self.dice.random() < self.empty:
            return self.dice.choice(["", None, "Unknown"])
        return self.dice.choice(choices)

    def _dimuser(self, now: datetime) -> dict:
        plans = ("Basic@", "Basic@", "Plus@", "Plus@", "Twin@", "Secret@", "Free", "Premium")
        begins = [now.date() - days * DAY for days in (-1, 0, 1, 2)]
        return {
            "user_name": self._text("Ann", "Bo"),
            "country": self._text("Norway", "Chile"),
            "subscription_type": self._text(*plans),
            "start_date": self.dice.choice([*begins, date(2024, 1, 1), None]),
            "end_date": self.dice.choice([None, None, date(2025, 12, 31)]),
        }

    def _dimartist(self, now: datetime) -> dict:
        return {
            "artist_name": self._text("The One", "The Other"),
            "genre": self._text("Rock", "Jazz"),
            "country": self._text("Norway", "Chile"),
        }

    def _dimtrack(self, now: datetime) -> dict:
        artists = [*range(MEMBERS), *range(MEMBERS), MEMBERS, None, -1]
        return {
            "track_name": self._text("Song", "Tune"),
            "artist_id": self.dice.choice(artists),
            "album_name": self._text("First", "Second"),
            "duration_sec": self.dice.choice([180, 240, 0, None]),
            "release_date": self.dice.choice([date(2020, 2, 29), date(1969, 12, 31), None]),
        }

    def _dimdate(self, now: datetime) -> dict:
        offset = self.dice.randrange(CALENDAR_DAYS)
        return {
            "date": self.dice.choice([BASE.date() + timedelta(days=offset), None]),
            "day": self.dice.choice([1, 2, None]),
            "month": self.dice.choice([9, 10]),
            "year": 2025,
            "weekday": self._text("Saturday", "Samstag"),
        }

    def _factstream(self, now: datetime) -> dict:
        odd = self.dice.random() < 0.1
        members = [*range(MEMBERS), *range(MEMBERS), MEMBERS]
        return {
            "user_id": self.dice.choice([None, *members] if odd else members),
            "track_id": self.dice.choice([None, -1, *members] if odd else members),
            "date_key": self.dice.choice([20240101, None]),
            "listen_duration": self.dice.choice([0, 30, 198, 199, 264, None, 300, *([-1] * odd)]),
            "device_type": self._text("Mobile", "Desktop", "Radio@"),
            "stream_timestamp": self._played(now),
        }

    def _played(self, now: datetime) -> datetime | None:
        """The time of a play: usually at, or next to, the time of another event."""
        known = [time for time in self.clock if time <= now + DAY]
        roll = self.dice.random()
        if roll < 0.35:
            return self.dice.choice(known) + self.dice.choice([-1, 0, 0, 0, 1]) * self.tick
        if roll < 0.5:
            midnight = datetime(now.year, now.month, now.day)
            midnight -= self.dice.choice([0, midnight.weekday()]) * DAY
            return midnight + self.dice.choice([-1, 0, 0]) * self.tick
        if roll < 0.85:
            earliest = BASE + 2 * DAY
            return earliest + self.dice.random() * (now - earliest) // self.tick * self.tick
        if roll < 0.91:
            return now + DAY + self.dice.choice([0, 0, 1]) * self.tick
        if roll < 0.95:
            return self.dice.choice(EXTREMES)
        return self.dice.choice([None, EARLIEST_PLAY - self.tick, LONG_AGO])


def generate(
    seed: int,
    number: int,
    batches: int,
    own_days: list[int],
    backfills: list[Backfill],
    attempt: int = 0,
) -> Scenario:
    """The scenario of a seed and number. Each attempt gives a different one.

    `own_days` of the calendar are its alone among its era; `backfills` are asked for in the whole
    era. The same arguments give the same scenario.
    """
    author = Author(seed, number, own_days, attempt)
    changes = author.write()
    region = author.dice.choices(["plain", "negative", "huge"], [8, 1, 1])[0]
    if number == 0:
        region = "plain"  # this region contains the key 0
    if number < AT_THE_EDGE:
        changes = [_at_the_edge(change) for change in changes]
    delivered = deliver(changes, batches, backfills, author.dice)
    made = {"seed": seed, "number": number} | ({"attempt": attempt} if attempt else {})
    return Scenario(changes, delivered, region, made=made)


def _at_the_edge(change: Change) -> Change:
    """Move plays of 2005 to the first moment that the rules accept."""
    if change.get("stream_timestamp") == LONG_AGO:
        return change | {"stream_timestamp": EARLIEST_PLAY}
    return change
