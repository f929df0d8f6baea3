"""A scenario's place: its own keys, plans and weeks, so that a wrong row identifies it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from conformance.columns import COLUMNS, NUMBERS
from conformance.scenario import BASE, Change, Scenario
from oracle.changes import KEYS as SOURCE_KEYS

NUMBERS_EACH = 256  # per scenario and table
REGIONS = {"plain": (0, 1), "negative": (-2, -1), "huge": (2**63 // NUMBERS_EACH - 1, -1)}
ERA = timedelta(weeks=12)  # commits end after 47 days; a month later nobody is active
FIRST_ERA = datetime(2007, 1, 1)  # a Monday
LAST_ERA = (datetime(2262, 1, 1) - FIRST_ERA) // ERA - 1  # 64-bit nanoseconds end in 2262
# Other times test the rules of plays and are not moved.
FIXED_BEFORE, FIXED_FROM = datetime(2020, 1, 1), datetime(2200, 1, 1)
RESERVED = -1
PLAN_GROUPS = 4  # scenarios share their plans: a mart has a row for each plan and day


@dataclass(frozen=True)
class Place:
    """The key range and time range of the scenario with this number, within its era."""

    number: int
    era: int
    region: str

    @property
    def slot(self) -> int:
        """Its range of keys: those whose quotient by NUMBERS_EACH equals the slot."""
        first, step = REGIONS[self.region]
        return first + step * self.number

    @property
    def shift(self) -> timedelta:
        """The difference between its times and those in the scenario: whole weeks."""
        return FIRST_ERA + self.era * ERA - BASE

    def day(self, local: date) -> date:
        """The day, moved to its era."""
        return local + self.shift if local >= FIXED_BEFORE.date() else local

    def moment(self, local: datetime) -> datetime:
        """The moment, moved to its era."""
        return local + self.shift if FIXED_BEFORE <= local < FIXED_FROM else local

    def date_key(self, local: int) -> int:
        """The day's calendar number in its era. 0 to 99 become numbers that are not dates."""
        if local == RESERVED:
            return local
        if 0 <= local < 100:
            return (2000 + self.number % 7999) * 10000 + 9900 + local
        day = self.day(date(local // 10000, local // 100 % 100, local % 100))
        return day.year * 10000 + day.month * 100 + day.day

    def value(self, column: str, local: Any) -> Any:
        """The value as it lands: `@` at the end of a text is replaced by the scenario's number.

        In a plan it is replaced by the number of the scenario's group.
        """
        if local is None or column == "_operation":
            return local
        if column in NUMBERS:
            return local if local == RESERVED else self.slot * NUMBERS_EACH + local
        if column == "date_key":
            return self.date_key(local)
        if column in ("_start_lsn", "_seqval"):
            return f"0x{local:020X}"
        if isinstance(local, datetime):
            return self.moment(local)
        if isinstance(local, str) and local.endswith("@"):
            number = self.number % PLAN_GROUPS if column == "subscription_type" else self.number
            return f"{local[:-1]} {number}"
        return local

    def row(self, change: Change) -> Change:
        """A change as it lands, without the columns that describe the delivery."""
        log = ("_start_lsn", "_seqval", "_operation", "_commit_time")
        columns = (*COLUMNS[change["table"]], *log)
        moved = {column: self.value(column, change[column]) for column in columns}
        if change[SOURCE_KEYS[change["table"]]] in (None, RESERVED) and moved["_seqval"]:
            # A NULL key does not identify the scenario, so the position in the log must.
            moved["_seqval"] = f"0x{change['_seqval'] + 0x10000 * (self.number + 1):020X}"
        if change["table"] == "DimDate" and change["date"] is not None:
            moved["date"] = self.day(change["date"])
        if change["table"] == "DimUser" and change["start_date"] is not None:
            moved["start_date"] = self.day(change["start_date"])
        return moved


class World:
    """The scenarios of a run, each in its place."""

    def __init__(self) -> None:
        self.scenarios: dict[int, Scenario] = {}
        self.places: dict[int, Place] = {}
        self._by_slot: dict[int, int] = {}
        self._by_era: dict[int, set[int]] = {}

    @property
    def next_era(self) -> int:
        """The first unused era."""
        return max(self._by_era, default=-1) + 1

    def add(self, scenario: Scenario, era: int) -> int:
        """Add a scenario under the next number. Returns it. Raises `ValueError` past LAST_ERA."""
        if era > LAST_ERA:
            raise ValueError(f"Era {era} does not exist: the last era is {LAST_ERA}.")
        number = len(self.scenarios)
        place = Place(number, era, scenario.region)
        self.scenarios[number], self.places[number] = scenario, place
        self._by_slot[place.slot] = number
        self._by_era.setdefault(era, set()).add(number)
        return number

    def owner_of_key(self, key: int | None) -> set[int]:
        """The scenario that owns the key, or none."""
        number = (
            self._by_slot.get(key // NUMBERS_EACH) if key is not None and key != RESERVED else None
        )
        return set() if number is None else {number}

    def owner_of_text(self, text: str | None) -> set[int]:
        """The scenario that owns the device type; none for common ones."""
        end = (text or "").rpartition(" ")[2]
        return {int(end)} if end.isdigit() and int(end) in self.scenarios else set()

    def owners_of_plan(self, plan: str, day: date) -> set[int]:
        """The scenarios that share the plan and the day."""
        end = plan.rpartition(" ")[2]
        owners = self.owners_of_day(day)
        return {o for o in owners if o % PLAN_GROUPS == int(end)} if end.isdigit() else owners

    def owners_of_day(self, day: date | None) -> set[int]:
        """The scenarios that share the day."""
        if day is None:
            return set()
        era = (datetime(day.year, day.month, day.day) - FIRST_ERA) // ERA
        return self._by_era.get(max(era, 0), set())
