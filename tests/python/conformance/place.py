"""Where a scenario takes place: its own keys, plans and weeks, so that a wrong row names it."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from conformance.columns import COLUMNS, NUMBERS
from conformance.scenario import BASE, Change, Scenario
from oracle.changes import KEYS as SOURCE_KEYS

NUMBERS_EACH = 256  # per scenario and table
REGIONS = {"plain": (0, 1), "negative": (-2, -1), "huge": (2**63 // NUMBERS_EACH - 1, -1)}
ERA = timedelta(weeks=12)  # commits end after 47 days, and nobody is active a month later
FIRST_ERA = datetime(2007, 1, 1)  # a Monday
LAST_ERA = (datetime(2262, 1, 1) - FIRST_ERA) // ERA - 1  # nanoseconds end in 2262
# Other times test the rules of plays, and are not moved.
FIXED_BEFORE, FIXED_FROM = datetime(2020, 1, 1), datetime(2200, 1, 1)
RESERVED = -1


@dataclass(frozen=True)
class Place:
    """The range of the scenario with this number, among the other scenarios of its era."""

    number: int
    era: int
    region: str

    @property
    def slot(self) -> int:
        """The range of its keys: all whose quotient by NUMBERS_EACH is this."""
        first, step = REGIONS[self.region]
        return first + step * self.number

    @property
    def shift(self) -> timedelta:
        """How far its times are from those that the scenario tells: whole weeks."""
        return FIRST_ERA + self.era * ERA - BASE

    def day(self, told: date) -> date:
        """The day in its era."""
        return told + self.shift if told >= FIXED_BEFORE.date() else told

    def moment(self, told: datetime) -> datetime:
        """The moment in its era."""
        return told + self.shift if FIXED_BEFORE <= told < FIXED_FROM else told

    def date_key(self, told: int) -> int:
        """The calendar's number of the day in its era; 0 to 99 become numbers that are no day."""
        if told == RESERVED:
            return told
        if 0 <= told < 100:
            return (2000 + self.number % 7999) * 10000 + 9900 + told
        day = self.day(date(told // 10000, told // 100 % 100, told % 100))
        return day.year * 10000 + day.month * 100 + day.day

    def value(self, column: str, told: Any) -> Any:
        """A told value as it lands: `@` at the end of a text stands for the scenario's number."""
        if told is None or column == "_operation":
            return told
        if column in NUMBERS:
            return told if told == RESERVED else self.slot * NUMBERS_EACH + told
        if column == "date_key":
            return self.date_key(told)
        if column in ("_start_lsn", "_seqval"):
            return f"0x{told:020X}"
        if isinstance(told, datetime):
            return self.moment(told)
        if isinstance(told, str) and told.endswith("@"):
            return f"{told[:-1]} {self.number}"
        return told

    def row(self, change: Change) -> Change:
        """A change as it lands, without the columns that tell of the delivery."""
        log = ("_start_lsn", "_seqval", "_operation", "_commit_time")
        columns = (*COLUMNS[change["table"]], *log)
        moved = {column: self.value(column, change[column]) for column in columns}
        if change[SOURCE_KEYS[change["table"]]] in (None, RESERVED) and moved["_seqval"]:
            # No key tells it from another scenario's, so its place in the log has to.
            moved["_seqval"] = f"0x{change['_seqval'] + 0x10000 * (self.number + 1):020X}"
        if change["table"] == "DimDate" and change["date"] is not None:
            moved["date"] = self.day(change["date"])
        return moved


class World:
    """The scenarios of a run, each at its place."""

    def __init__(self) -> None:
        self.scenarios: dict[int, Scenario] = {}
        self.places: dict[int, Place] = {}
        self._by_slot: dict[int, int] = {}
        self._by_era: dict[int, set[int]] = {}

    @property
    def next_era(self) -> int:
        """The first era in which nothing takes place."""
        return max(self._by_era, default=-1) + 1

    def add(self, scenario: Scenario, era: int) -> int:
        """Give a scenario the next number; which it is. Raises `ValueError` past the last era."""
        if era > LAST_ERA:
            raise ValueError(f"There are {LAST_ERA + 1} eras, and no era {era}.")
        number = len(self.scenarios)
        place = Place(number, era, scenario.region)
        self.scenarios[number], self.places[number] = scenario, place
        self._by_slot[place.slot] = number
        self._by_era.setdefault(era, set()).add(number)
        return number

    def owner_of_key(self, key: int | None) -> set[int]:
        """Whose key it is: one scenario, or none."""
        number = (
            self._by_slot.get(key // NUMBERS_EACH) if key is not None and key != RESERVED else None
        )
        return set() if number is None else {number}

    def owner_of_text(self, text: str | None) -> set[int]:
        """Whose plan or device it is; none for those that all use."""
        end = (text or "").rpartition(" ")[2]
        return {int(end)} if end.isdigit() and int(end) in self.scenarios else set()

    def owners_of_day(self, day: date | None) -> set[int]:
        """The scenarios that share the day."""
        if day is None:
            return set()
        era = (datetime(day.year, day.month, day.day) - FIRST_ERA) // ERA
        return self._by_era.get(max(era, 0), set())
